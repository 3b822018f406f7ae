/** Which stretch of the recording is visible? Holds the view and tells those who draw when it changes. */

import { centreOn, clampView, followView, panBy, zoomAt } from "./geometry.js";

const STEP = 1.6;

export class Viewport extends EventTarget {
  constructor(duration) {
    super();
    this.duration = duration;
    this.view = { start: 0, end: duration };
    this.follows = true;
  }

  get isWhole() {
    return this.view.end - this.view.start >= this.duration - 1e-6;
  }

  zoom(direction, anchor) {
    this.#show(zoomAt(this.view, direction > 0 ? STEP : 1 / STEP, anchor, this.duration));
  }

  fit() {
    this.#show({ start: 0, end: this.duration });
  }

  pan(seconds) {
    this.#show(panBy(this.view, seconds, this.duration));
  }

  centre(time) {
    this.#show(centreOn(this.view, time, this.duration));
  }

  /** Show a stretch with some room at both sides. */
  reveal(start, end) {
    const room = Math.max(2, end - start);
    this.#show(clampView({ start: start - room, end: end + room }, this.duration));
  }

  follow(time) {
    if (this.follows) this.#show(followView(this.view, time, this.duration));
  }

  setFollows(follows) {
    this.follows = follows;
    this.dispatchEvent(new Event("change"));
  }

  #show(view) {
    if (view.start === this.view.start && view.end === this.view.end) return;
    this.view = view;
    this.dispatchEvent(new Event("change"));
  }
}
