/** What has been typed is not lost: keeps the review form in this browser until it has been sent. */

export class ReviewForm {
  constructor(form, key) {
    this.form = form;
    this.key = key;
    if (new URLSearchParams(location.search).has("reviewed")) {
      this.forget();
      history.replaceState(null, "", location.pathname);
    }
    const kept = this.#kept();
    if (kept && !form.hasAttribute("data-typed")) this.#restore(kept);
    form.addEventListener("input", () => this.#keep());
    form.addEventListener("submit", () => this.#keep());
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      form.requestSubmit(form.querySelector("[data-next]") ?? form.querySelector(".verdict-send"));
    });
  }

  /** Return the stretches heard before a reload. */
  get heard() {
    const heard = this.#kept()?.heard;
    return Array.isArray(heard) ? heard.filter((span) => Array.isArray(span) && span.length === 2) : [];
  }

  setHeard(spans, seconds) {
    this.form.elements.heard_s.value = seconds.toFixed(1);
    this.spans = spans;
    this.#keep();
  }

  forget() {
    try {
      localStorage.removeItem(this.key);
    } catch {
      // A browser that keeps nothing has nothing to forget.
    }
  }

  #kept() {
    try {
      return JSON.parse(localStorage.getItem(this.key) ?? "null");
    } catch {
      return null;
    }
  }

  #keep() {
    const values = Object.fromEntries([...new FormData(this.form)].filter(([name]) => name !== "csrf_token"));
    try {
      localStorage.setItem(this.key, JSON.stringify({ values, heard: this.spans ?? this.heard }));
    } catch {
      // Private windows and full stores refuse; the form works without.
    }
  }

  #restore({ values }) {
    for (const [name, value] of Object.entries(values ?? {})) {
      const field = this.form.elements[name];
      if (!field || name === "heard_s") continue;
      if (field instanceof RadioNodeList) field.value = value;
      else if (field.type === "radio") field.checked = field.value === value;
      else field.value = value;
    }
  }
}
