/* The drawer of the side bar on small screens, and controls that need a script show themselves. */

for (const button of document.querySelectorAll("[data-theme-toggle]")) button.hidden = false;

for (const button of document.querySelectorAll("[data-drawer]")) {
  const drawer = document.getElementById(button.dataset.drawer);
  const set = (isOpen) => {
    button.setAttribute("aria-expanded", String(isOpen));
    drawer.classList.toggle("is-open", isOpen);
    document.body.classList.toggle("has-drawer", isOpen);
  };
  button.addEventListener("click", () => {
    const isOpen = button.getAttribute("aria-expanded") !== "true";
    set(isOpen);
    if (isOpen) drawer.querySelector("nav a")?.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drawer.classList.contains("is-open")) {
      set(false);
      button.focus();
    }
  });
  document.addEventListener("click", (event) => {
    const isInside = drawer.contains(event.target) || button.contains(event.target);
    if (!isInside && drawer.classList.contains("is-open")) set(false);
  });
}

/* htmx sends the form token with everything that changes something. */
document.addEventListener("htmx:config:request", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token && event.detail?.ctx?.request) event.detail.ctx.request.headers["X-CSRFToken"] = token;
});
