document.addEventListener("turbo:before-fetch-response", async (event) => {
  const { response } = event.detail.fetchResponse;
  const isRefusal = [401, 403].includes(response.status) && response.headers.get("Content-Type") === "application/json";
  // A prefetch, for which nobody has clicked, is sent for the link itself.
  if (!isRefusal || event.target.matches("a")) return;
  event.preventDefault();
  const url = new URL((await response.clone().json()).redirect_browser_to);
  url.searchParams.set("return_to", event.target.matches("html") ? response.url : location);
  location = url;
});
