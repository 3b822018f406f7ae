/** What happened where? One button for each mark above the lanes; marks too near each other share one with their number. */

import { formatTime, groupMarks } from "./geometry.js";

const NEAR_PX = 22;
const ICONS = {
  critical: "octagon-alert", high: "triangle-alert", medium: "circle-alert", low: "flag", info: "info",
  violation: "quote", required: "shield-check", context: "quote", counter: "quote",
  dtmf: "hash", beep: "bell", ringback: "phone-call", busy: "phone-off", sit: "phone-off", music: "music",
  ivr: "list-checks", voicemail: "inbox",
};

export class Marks {
  constructor(strip, marks, viewport, icons, onOpen) {
    this.strip = strip;
    this.marks = marks;
    this.viewport = viewport;
    this.icons = icons;
    this.onOpen = onOpen;
    this.bubble = document.createElement("div");
    this.bubble.className = "mark-bubble";
    this.bubble.id = "mark-bubble";
    this.bubble.setAttribute("role", "tooltip");
    this.bubble.hidden = true;
    strip.append(this.bubble);
  }

  draw() {
    const width = this.strip.clientWidth;
    const focused = document.activeElement?.dataset?.at;
    for (const old of [...this.strip.querySelectorAll("button")]) old.remove();
    for (const group of groupMarks(this.marks, this.viewport.view, width, NEAR_PX)) {
      const button = this.#button(group);
      button.style.left = `${Math.min(Math.max(group.x, 11), width - 11)}px`;
      this.strip.append(button);
      if (focused !== undefined && button.dataset.at === focused) button.focus({ preventScroll: true });
    }
  }

  #button({ marks }) {
    const worst = marks.find((mark) => mark.kind === "finding") ?? marks.find((mark) => mark.kind === "keyword") ?? marks[0];
    const button = document.createElement("button");
    button.type = "button";
    button.className = `mark mark-${worst.kind} look-${worst.look}`;
    button.dataset.at = String(worst.start_s);
    button.append(this.#icon(ICONS[worst.look] ?? "flag"));
    if (marks.length > 1) {
      const count = document.createElement("span");
      count.className = "mark-count";
      count.textContent = String(marks.length);
      button.append(count);
    }
    button.setAttribute("aria-label", marks.map(describe).join("; "));
    const show = () => this.#show(button, marks);
    const hide = () => { this.bubble.hidden = true; };
    button.addEventListener("pointerenter", show);
    button.addEventListener("focus", show);
    button.addEventListener("pointerleave", hide);
    button.addEventListener("blur", hide);
    button.addEventListener("click", () => this.onOpen(worst, marks));
    return button;
  }

  #show(button, marks) {
    this.bubble.replaceChildren(
      ...marks.slice(0, 6).map((mark) => {
        const line = document.createElement("p");
        const time = document.createElement("span");
        time.className = "mark-bubble-time";
        time.textContent = formatTime(mark.start_s);
        const what = document.createElement("strong");
        what.textContent = mark.label;
        line.append(time, " ", what);
        if (mark.text) line.append(mark.kind === "tone" ? ` ${mark.text}` : ` “${mark.text}”`);
        return line;
      }),
    );
    if (marks.length > 6) this.bubble.append(`and ${marks.length - 6} more: zoom in`);
    this.bubble.hidden = false;
    const room = this.strip.clientWidth - this.bubble.offsetWidth;
    this.bubble.style.left = `${Math.min(Math.max(0, button.offsetLeft - this.bubble.offsetWidth / 2), Math.max(0, room))}px`;
  }

  #icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `${this.icons}#${name}`);
    svg.append(use);
    return svg;
  }
}

function describe(mark) {
  return `${formatTime(mark.start_s)} ${mark.label}${mark.text ? `: ${mark.text}` : ""}`;
}
