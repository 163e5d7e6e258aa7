// What a page does with oryMfa.fetch(): it shows what came of it.
const target = document.getElementById("target");
const aborting = new AbortController();

async function ask({ url, method = "GET", times = 1 }) {
  delete target.dataset.outcome;
  const init = { method, signal: aborting.signal };
  if (method === "POST") {
    init.body = JSON.stringify({ amount: 5 });
    init.headers = { "Content-Type": "application/json", "X-CSRFToken": target.dataset.token };
  }
  try {
    const answers = await Promise.all(Array.from({ length: times }, () => oryMfa.fetch(url, init)));
    const last = answers.at(-1);
    target.textContent = await last.text();
    target.dataset.outcome = answers.map((answer) => answer.status).join();
  } catch (error) {
    target.dataset.outcome = error.name;
  }
}

for (const button of document.querySelectorAll("[data-url]")) {
  button.addEventListener("click", () => ask(button.dataset));
}
document.getElementById("abort").addEventListener("click", () => aborting.abort());
// Nobody has clicked yet, so that a browser opens no window.
if (new URLSearchParams(location.search).has("now")) ask({ url: "/api/me/" });
