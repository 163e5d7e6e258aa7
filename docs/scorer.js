// What the search of the site puts first. Sphinx takes these numbers in the place of its own; only `score` differs from them.
var Scorer = {
  // The changelog and the crossings have a word about everything, and are seldom what somebody looks for.
  score: ([page, , , , score, , kind]) =>
    kind === "text" && (page === "changelog" || page.startsWith("reference/crossings/")) ? score - 100 : score,

  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
