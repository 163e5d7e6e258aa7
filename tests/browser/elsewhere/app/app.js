const target = document.getElementById("target");
const token = fetch(`${API}/csrf/`, { credentials: "include" }).then(async (response) => (await response.json()).token);

async function ask(path, init) {
  delete target.dataset.status;
  try {
    const response = await oryMfa.fetch(`${API}${path}`, { credentials: "include", ...init });
    target.textContent = await response.text();
    target.dataset.status = response.status;
  } catch (error) {
    target.dataset.status = error.name;
  }
}

const transfer = (headers) =>
  ask("/transfer/", {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify({ amount: 5 }),
  });

document.getElementById("who").addEventListener("click", () => ask("/me/"));
document.getElementById("transfer").addEventListener("click", async () => transfer({ "X-CSRFToken": await token }));
document.getElementById("forged").addEventListener("click", () => transfer({}));
// A form, because the browser has to go through Ory to sign out there.
document.getElementById("sign-out").addEventListener("submit", (event) => {
  event.currentTarget.action = `${API}/account/security/logout/`;
});
token.then((value) => {
  const form = document.getElementById("sign-out");
  form.elements.csrfmiddlewaretoken.value = value;
  form.elements.next.value = location.href;
  form.dataset.ready = "";
});
