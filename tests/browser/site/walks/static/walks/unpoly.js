document.addEventListener("up:fragment:loaded", (event) => {
  const { response } = event;
  if (![401, 403].includes(response.status) || response.contentType !== "application/json") return;
  event.preventDefault();
  const url = new URL(response.json.redirect_browser_to);
  url.searchParams.set("return_to", location);
  location = url;
});
