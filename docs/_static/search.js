"use strict";
// The search of this site. Sphinx's own wants every word on a page, and knows no other word for the same thing.
//
// SECTIONS (sections.js, which conf.py writes) has the headings, the entries of the index and the text of each section.
// A section is worth the more, the more of the words it has, and the fewer other sections have them. What counts most is
// a heading or an entry that says the same as the query, and little else.

// Each line is one thing, and the words that readers have for it: a word, or two. The search takes one for the other.
const SAME = `
2fa, mfa, two factor, multi factor, second factor, two step, second step
otp, totp, one time, authenticator app, google authenticator
webauthn, security key, yubikey, fido, fido2, hardware key
login, log in, sign in, signin, logging in, signing in, logged in, signed in
logout, log out, sign out, signout, logging out, signing out, logged out, signed out, log off
sign up, signup, register, registration, new account
email, e mail, mail
sms, text message
user, person, people, account, visitor, member, employee, identity
permission, role, right
protect, guard, restrict, require, enforce, force, demand, mandatory, compulsory, decorator, secure, lock
public, free, exempt, exclude, skip, unprotected
fail, failure, error, broken, break, wrong, trouble, problem, issue, not working, crash
refuse, reject, deny, forbidden, blocked, block, not allowed
empty, blank, nothing
loop, circle, again, endless, infinite
expire, expiry, lifetime, timeout, time out, duration
phone, mobile, smartphone
lose, lost, stolen
reset, recover, recovery
device, browser, computer
app, application
translate, translation, language, locale, i18n
style, css, theme, look, design, branding, brand, appearance, colour, color
custom, customise, customize, override
install, installation, setup, set up, add, quickstart, getting started, get started, tutorial, first step, begin
start, startup, boot, launch
remove, uninstall, delete, erase, clean up
upgrade, update, new version, new release
migrate, migration, move, switch, import, transfer
production, deploy, deployment, go live
proxy, nginx, reverse proxy, apache, caddy
ory network, ory cloud, cloud, saas
outage, down, unavailable, offline, unreachable
turn on, switch on, enable, activate
turn off, switch off, disable, deactivate
dry run, report only, trial run, simulate, rehearse
banner, notice, nag, remind, reminder
https, http, tls, ssl
slow, speed, fast, performance, latency
limit, throttle, too many, 429
compare, comparison, alternative, versus, vs, peer
setting, configuration, config, configure, option, parameter, variable
test, pytest, unittest, mock, fake
find out, diagnose, diagnosis, debug, doctor, troubleshoot, inspect, investigate
monitor, watch, metric, observe, alert
log, logger
silence, suppress, ignore, mute
audit, auditor, compliance, evidence
privacy, gdpr, personal data
list, overview, table
javascript, js, script, typescript
spa, single page, frontend, front end, react, vue, angular
domain, subdomain, host, origin
fresh, recent, reauthenticate, older, age, max_age, sudo
every, everywhere, everybody, everyone, whole, all
gradual, step by, phase, roll out, rollout
`;

// Words that say nothing about what is looked for, also as they are left of "don't" and "isn't". Sphinx has a list too, which
// is another one, and of another type, in each of its versions.
const LITTLE = new Set(
  `
a an the and or but nor so then than as if of at by for from in into on onto to with about there here
i me my we us our you your he him his she her it its they them their this that these those who whom whose which what
when where why how am is are was were be been being do does did doing done have has had having can cannot could may might
must shall should will would don isn doesn didn won wouldn aren wasn couldn shouldn haven hasn hadn weren
no not only just also too very some any both each few more most other own same such once while until because before after during between under over through
want wants like please happens
`.split(/\s+/),
);

// How much an occurrence counts beside one in the text, and how fast more of them count less.
const HEADING = 4;
const ENTRY = 2;
const ENOUGH = 3;
const EXACT = 1.5;
// A page that mentions everything is seldom what somebody looks for, and what a word means is seldom all.
const worthOf = (page) => (/^(changelog$|reference\/crossings\/)/.test(page) ? 0.5 : page === "glossary" ? 0.8 : 1);

const stemmer = new Stemmer();
const stems = new Map();
const stem = (word) => stems.get(word) ?? (stems.set(word, stemmer.stemWord(word)), stems.get(word));
const names = (text) => text.toLowerCase().replace(/(?<=\p{L})['’]\p{L}+/gu, "").match(/[\p{L}\p{N}]+([-._]+[\p{L}\p{N}]+)*/gu) ?? [];
const split = (text) => names(text).flatMap((name) => name.split(/[-._]+/));

const thingOf = new Map();
for (const line of SAME.trim().split("\n"))
  for (const words of line.split(", ")) thingOf.set(split(words).map(stem).join(" "), line);

// The terms of a text. A name such as `return_to` is one beside its parts, and two words of SAME that stand together are one.
const termsOf = (text) => {
  const terms = names(text).filter((name) => /[-._]/.test(name)).map((word) => ({ word, name: true }));
  const words = split(text);
  for (let at = 0; at < words.length; at++) {
    const word = stem(words[at]);
    const both = `${word} ${stem(words[at + 1] ?? "")}`;
    if (thingOf.has(both)) terms.push({ word: both, thing: thingOf.get(both), parts: [word, stem(words[++at])] });
    else terms.push({ word, as: words[at], thing: thingOf.get(word), stop: LITTLE.has(words[at]) && !thingOf.has(word) });
  }
  return terms;
};
const withoutStopwords = (terms) => (terms.every((term) => term.stop) ? terms : terms.filter((term) => !term.stop));

// Which sections have a term or a thing, and how often.
const holders = new Map();
const sections = Object.entries(SECTIONS).flatMap(([page, list]) => list.map((section) => ({ page, ...section })));
for (const section of sections) {
  const read = (text, times) => {
    const terms = termsOf(text);
    for (const key of terms.flatMap((term) => [term.word, term.thing ?? [], term.parts ?? []].flat())) {
      if (!holders.has(key)) holders.set(key, new Map());
      holders.get(key).set(section, (holders.get(key).get(section) ?? 0) + times);
    }
    return terms;
  };
  const phrase = (text, times, id) => ({ text: text.toLowerCase(), terms: withoutStopwords(read(text, times)), id });
  section.size = read(section.text, 1).length;
  for (const heading of section.headings.slice(1)) read(heading, 1);
  section.phrases = [
    phrase(section.headings[0], HEADING, section.id),
    ...section.entries.map(([entry, id]) => phrase(entry, ENTRY, id)),
  ];
}
const size = sections.reduce((sum, section) => sum + section.size, 0) / sections.length;

const rarity = (key) => Math.log(1 + sections.length / (0.5 + (holders.get(key)?.size ?? 0)));
const isKnown = (term) => holders.has(term.word) || holders.has(term.thing);
const weight = ({ word, thing }) => {
  if (!holders.has(word)) return 0.8 * rarity(thing);
  return thing ? (rarity(word) + rarity(thing)) / 2 : rarity(word);
};

// Instead of a word that is nowhere, its longest beginning that a word here has too: most typing errors are near the end.
const nearest = (term) => {
  if (isKnown(term)) return term;
  for (let length = term.word.length; !term.name && length > Math.max(3, term.word.length * 0.6); length--) {
    const word = [...holders.keys()].find((key) => key.startsWith(term.word.slice(0, length)) && !key.includes(" "));
    if (word) return { word, thing: thingOf.get(word) };
  }
};

// 0 if a heading or an entry has none of the terms, 1 if it has them all and no other.
const sum = (terms, of = weight) => terms.reduce((total, term) => total + of(term), 0);
const likeness = (phrase, terms) => {
  const shared = sum(phrase, (one) => {
    const same = terms.find((term) => term.word === one.word || (term.thing && term.thing === one.thing));
    return same ? Math.min(weight(one), weight(same)) : 0;
  });
  return shared ** 2 / (sum(phrase) * sum(terms));
};

// The best section of each page, the best page first, and the words that are nowhere.
const find = (query) => {
  const asked = withoutStopwords(termsOf(query));
  const terms = asked.map(nearest).filter((term) => term);
  const missing = asked.filter((term) => !term.name && !nearest(term)).map((term) => term.as);
  const total = sum(terms);
  const pages = new Map();
  for (const section of sections) {
    const share = (key) => {
      const times = holders.get(key)?.get(section) ?? 0;
      return times / (times + ENOUGH * (0.8 + (0.2 * section.size) / size));
    };
    let [score, has] = [0, 0];
    for (const term of terms) {
      const worth = Math.max(holders.has(term.word) ? share(term.word) * weight(term) : 0, 0.8 * share(term.thing) * rarity(term.thing));
      score += worth;
      if (worth) has += weight(term);
    }
    if (!score) continue;
    let [best, id] = [0, section.id];
    for (const phrase of section.phrases) {
      const alike = likeness(phrase.terms, terms) * (phrase.text === query.trim().toLowerCase() ? EXACT : 1);
      if (alike > best) [best, id] = [alike, phrase.id];
    }
    score = (score * (1 + has / total) / 2 + best * total) * worthOf(section.page);
    if (score > (pages.get(section.page)?.score ?? 0)) pages.set(section.page, { page: section.page, id, section, score });
  }
  return { results: [...pages.values()].sort((a, b) => b.score - a.score), terms, missing };
};

// The part of a text that has the most of the terms, which are marked in it.
const excerpt = (text, terms) => {
  const wanted = new Set(terms.flatMap((term) => term.parts ?? term.word));
  const things = new Set(terms.flatMap((term) => term.thing ?? []));
  const hits = [...text.matchAll(/[\p{L}\p{N}]+/gu)]
    .map((match) => ({ at: match.index, word: match[0], key: stem(match[0].toLowerCase()) }))
    .filter(({ key }) => wanted.has(key) || things.has(thingOf.get(key)));
  const near = (hit) => hits.filter(({ at }) => at >= hit.at && at < hit.at + 180);
  const variety = (hit) => new Set(near(hit).map(({ key }) => key)).size;
  const best = hits.reduce((one, other) => (one && variety(one) >= variety(other) ? one : other), null);
  const start = best ? text.lastIndexOf(" ", Math.max(0, best.at - 40)) + 1 : 0;
  const end = start + 240 < text.length ? text.lastIndexOf(" ", start + 240) : text.length;
  const shown = document.createElement("p");
  shown.className = "context";
  shown.append(start ? "… " : "");
  let at = start;
  for (const hit of hits.filter((hit) => hit.at >= start && hit.at + hit.word.length <= end)) {
    const mark = document.createElement("mark");
    mark.textContent = hit.word;
    shown.append(text.slice(at, hit.at), mark);
    at = hit.at + hit.word.length;
  }
  shown.append(text.slice(at, end), end < text.length ? " …" : "");
  return shown;
};

const show = (query) => {
  const { results, terms, missing } = find(query);
  const worthy = results.filter(({ score }) => score > results[0].score / 5).slice(0, 20);
  const nowhere = missing.length ? ` No page has “${missing.join("”, “")}”.` : "";
  const count = worthy.length === 1 ? "One page found." : `${worthy.length} pages found, the best first.`;
  document.querySelector(".search-summary").textContent = (worthy.length ? count : "No page found.") + nowhere;
  for (const { page, id, section } of worthy) {
    const link = document.createElement("a");
    link.href = `${page}${DOCUMENTATION_OPTIONS.LINK_SUFFIX}#${id}`;
    link.textContent = section.headings.toReversed().join(" › ");
    const item = document.createElement("li");
    item.append(link, excerpt(section.text, terms));
    document.querySelector("ul.search").append(item);
  }
  // The page that is opened next marks these words, by Sphinx's sphinx_highlight.js.
  localStorage.setItem("sphinx_highlight_terms", split(query).filter((word) => !LITTLE.has(word)).join(" "));
};

// After sphinx_highlight.js, which would take the words for those of this page.
document.addEventListener("DOMContentLoaded", () => {
  const query = new URLSearchParams(location.search).get("q") ?? "";
  for (const input of document.querySelectorAll('input[name="q"]')) input.value = query;
  document.querySelector("form.search").hidden = false;
  if (query.trim()) show(query);
  else document.querySelector("form.search input").focus();
});
