// Not a module, so that it runs before the first paint: a page that is to be dark does not
// begin with a flash of white.
try {
  document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "auto";
} catch {
  // a browser that must not remember anything goes by the system's colours
}
