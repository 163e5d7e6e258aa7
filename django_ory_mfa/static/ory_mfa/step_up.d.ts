/**
 * What `step_up.js` adds to the page:
 * `<script src="/static/ory_mfa/step_up.js" data-done="/account/security/done/"></script>`.
 */
interface OryMfa {
  /**
   * `fetch()`, which opens Ory in a window if the site answers that more has to be proved, and sends the request once
   * more when that is done. Whatever the second answer is, it is returned.
   *
   * Where the browser opens no window, this page goes to Ory itself, and the promise stays open. It also stays open
   * while somebody thinks; abort `init.signal` to end that, as with `fetch()`. Call it from the handler of a click, or
   * the window counts as an unwanted one. Requests for which nobody clicked share one window.
   *
   * An answer from another origin opens nothing unless the request has `credentials: "include"`, as for an API of the
   * site: it could name any page.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
}

declare var oryMfa: OryMfa;

interface Window {
  oryMfa: OryMfa;
}
