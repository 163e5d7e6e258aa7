// Pays, and says what came of it. oryMfa.fetch() does the rest.
const form = document.getElementById("pay");
const stop = document.getElementById("stop");
const outcome = document.getElementById("outcome");

async function pay(signal) {
  const response = await oryMfa.fetch(form.action, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
    body: JSON.stringify({ amount: form.elements.amount.value }),
    signal,
  });
  const body = await response.json();
  return response.ok ? `Paid: ${body.paid}` : body.error.message;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const waiting = new AbortController();
  stop.onclick = () => waiting.abort();
  stop.disabled = false;
  outcome.textContent = "Paying …";
  outcome.textContent = await pay(waiting.signal).catch(() => "Nothing was paid.");
  stop.disabled = true;
});
