// Not a module, so that it runs before the first paint: a page that is to be dark does not
// begin with a flash of white.
document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "auto";
