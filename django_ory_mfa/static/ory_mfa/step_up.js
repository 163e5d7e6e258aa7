// See step_up.d.ts.
(() => {
  const { done, features = "popup,width=480,height=720" } = document.currentScript.dataset;
  let busy = 0, tabs = 0;

  const prove = (url, signal, at) =>
    new Promise((yes, no) => {
      if (!busy || (at == tabs && navigator.userActivation?.isActive)) {
        tabs++;
        const tab = done && open("", "_blank", features);
        url.searchParams.set("return_to", tab ? new URL(done, location) : location);
        if (tab) tab.opener = null;
        (tab || window).location = url;
        if (!tab) return;
      }
      const bus = new BroadcastChannel("ory_mfa");
      const end = (settle) => () => {
        signal.onabort = bus.close();
        busy--;
        settle(signal.reason);
      };
      bus.onmessage = end(yes);
      signal.onabort = end(no);
      busy++;
    });

  window.oryMfa = {
    async fetch(input, init) {
      const sent = new Request(input, init), at = tabs;
      const { headers, signal } = sent;
      headers.has("Accept") || headers.set("Accept", "application/json,*/*;q=.9");
      const got = await fetch(sent.clone());
      let url;
      try {
        // SECURITY: not for other sites.
        if (got.type == "basic" || sent.credentials == "include")
          url = /40[13]/.test(got.status) && new URL((await got.clone().json()).redirect_browser_to);
      } catch {}
      if (!/^https?:$/.test(url?.protocol)) return got;
      await prove(url, signal, at);
      return fetch(sent);
    },
  };
})();
