/* Light or dark, before the page is painted: the choice kept in this browser, else what the system prefers. */
(() => {
  const KEY = "earshot-theme";
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const kept = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const apply = () => root.setAttribute("data-bs-theme", kept() ?? (system.matches ? "dark" : "light"));

  root.classList.remove("no-js");
  apply();
  system.addEventListener("change", apply);
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest("[data-theme-toggle]")) return;
    const next = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
    try { localStorage.setItem(KEY, next); } catch { /* private window: the choice lasts for this page */ }
    root.setAttribute("data-bs-theme", next);
    document.dispatchEvent(new CustomEvent("earshot:theme", { detail: next }));
  });
})();
