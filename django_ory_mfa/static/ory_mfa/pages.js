/* What needs a script on the pages of contrib.ui: security keys and passkeys by Ory's own script, copying and printing
   the key of an app and recovery codes, showing a password, saying what was saved. Without it these buttons stay
   hidden, and everything else works. It also says that a form is on its way, and sends it once if its
   button is pressed twice. */
document.querySelectorAll("[data-ory-trigger]").forEach((button) => {
  const run = window[button.dataset.oryTrigger];
  if (typeof run !== "function") return;
  button.hidden = false;
  button.addEventListener("click", () => run());
});
if (document.querySelector('[name="passkey_login"]') && typeof window.oryPasskeyLoginAutocompleteInit === "function") {
  window.oryPasskeyLoginAutocompleteInit();
}
document.querySelectorAll("[data-copy]").forEach((button) => {
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const lines = document.getElementById(button.dataset.copy).querySelectorAll("code");
    await navigator.clipboard.writeText(Array.from(lines, (line) => line.textContent).join("\n"));
    button.textContent = button.dataset.done;
    // New words of a button are not read out.
    button.nextElementSibling.textContent = button.dataset.done;
  });
});
document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});
document.querySelectorAll("[data-show]").forEach((button) => {
  const field = document.getElementById(button.dataset.show);
  const words = [button.textContent, button.dataset.done];
  const show = (shown) => {
    field.type = shown ? "text" : "password";
    button.textContent = words[Number(shown)];
  };
  button.hidden = false;
  button.addEventListener("click", () => show(field.type === "password"));
  // So that browsers offer to save it, and do not suggest it in other fields.
  field.form.addEventListener("submit", () => show(false));
});
document.querySelectorAll("[data-shut]").forEach((link) => {
  link.addEventListener("click", (event) => {
    const fold = link.closest("details");
    event.preventDefault();
    fold.open = false;
    fold.querySelector("summary").focus();
  });
});
// Ory says only that something was saved. Which form was sent is remembered until the next page, and over the proof that
// Ory may ask for in between.
try {
  const key = "ory_mfa_saved";
  const saved = sessionStorage.getItem(key);
  sessionStorage.removeItem(key);
  const message = document.querySelector("[data-what-was-saved]");
  if (message && saved) {
    // Beside the words stands a sign.
    (message.querySelector("span") ?? message).textContent = saved;
    message.hidden = false;
  }
  document.querySelectorAll("form.ory-mfa-flow").forEach((form) => {
    form.addEventListener("submit", () => sessionStorage.setItem(key, form.dataset.saved ?? saved ?? ""));
  });
} catch {
  // The browser keeps nothing for this site.
}
// Not `disabled`: a disabled button does not send its value, and loses the focus.
const PATIENCE = 10000;
const waiting = new Map();
const rest = () => {
  waiting.forEach((content, button) => {
    button.removeAttribute("aria-busy");
    button.replaceChildren(...content);
  });
  waiting.clear();
};
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!event.target.dataset.busy) return;
  if (waiting.size) return event.preventDefault();
  if (event.defaultPrevented || !button) return;
  waiting.set(button, [...button.childNodes]);
  button.setAttribute("aria-busy", "true");
  button.textContent = event.target.dataset.busy;
  // Whoever stops the page, or loses the connection, may send it again.
  setTimeout(rest, PATIENCE);
});
// Back from the next page, this one is as it was left.
window.addEventListener("pageshow", rest);
