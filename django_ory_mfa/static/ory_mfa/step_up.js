// See step_up.d.ts.
(() => {
  const { done, features = "popup,width=480,height=720" } = document.currentScript.dataset;
  let waiting = 0;

  const prove = (url, signal) =>
    new Promise((resolve, reject) => {
      if (!waiting || navigator.userActivation?.isActive) {
        const popup = done && open("", "_blank", features);
        url.searchParams.set("return_to", popup ? new URL(done, location) : location);
        if (popup) popup.opener = null;
        (popup || window).location = url;
        if (!popup) return;
      }
      const channel = new BroadcastChannel("ory_mfa");
      const end = (settle) => () => {
        signal.onabort = channel.close();
        waiting--;
        settle(signal.reason);
      };
      channel.onmessage = end(resolve);
      signal.onabort = end(reject);
      waiting++;
    });

  window.oryMfa = {
    async fetch(input, init) {
      const sent = new Request(input, init);
      const { headers, signal } = sent;
      headers.has("Accept") || headers.set("Accept", "application/json,*/*;q=.9");
      const first = await fetch(sent.clone());
      let url;
      try {
        // SECURITY: not for other sites.
        if (first.type == "basic" || sent.credentials == "include")
          url = /40[13]/.test(first.status) && new URL((await first.clone().json()).redirect_browser_to);
      } catch {}
      if (!/^https?:$/.test(url?.protocol)) return first;
      await prove(url, signal);
      return fetch(sent);
    },
  };
})();
