/** Which key does what? One table; keys typed into fields are left alone. */

const FIELDS = "input:not([type=radio]):not([type=checkbox]):not([type=range]), textarea, select, [contenteditable]";
const PRESSABLE = "button, a[href], summary, input";

/** Call the action that goes with a key; `actions` maps key names to functions. */
export function listenToKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.closest(FIELDS) || document.querySelector("dialog[open]")) {
      if (event.key === "Escape") target.blur();
      return;
    }
    // Space presses the button that has the focus, and arrows move a choice or a slider.
    if (event.key === " " && target.closest(PRESSABLE)) return;
    if (event.key.startsWith("Arrow") && target.closest("input, [role=slider]")) return;
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action(event);
  });
}
