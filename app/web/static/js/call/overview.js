/** Where in the whole call are we? Draws all of it in one row, with the visible stretch as a window. */

import { prepare } from "./canvas.js";
import { timeToX, xToTime } from "./geometry.js";
import { readPalette } from "./palette.js";

const BAR_PX = 2;

export class Overview {
  constructor(canvas, screen, peaks, viewport, onSeek) {
    this.canvas = canvas;
    this.screen = screen;
    this.peaks = peaks;
    this.viewport = viewport;
    this.time = 0;
    const go = (event) => {
      const box = canvas.getBoundingClientRect();
      const time = Math.min(Math.max(0, xToTime(event.clientX - box.left, this.whole, box.width)), viewport.duration);
      viewport.centre(time);
      onSeek(time);
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      go(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) go(event);
    });
  }

  get whole() {
    return { start: 0, end: this.viewport.duration };
  }

  draw() {
    const palette = readPalette(this.canvas);
    const { context, width, height } = prepare(this.canvas);
    if (!width) return;
    const columns = Math.floor(width / BAR_PX);
    this.peaks.want(this.whole, columns);
    const lanes = this.screen.lanes;
    lanes.forEach((lane, index) => {
      // Two parties grow from the middle, one up and one down; a single lane is drawn both ways.
      const loudest = Math.max(this.peaks.loudest(index), 0.05);
      context.fillStyle = palette[lane.side] ?? palette.unknown;
      context.globalAlpha = 0.6;
      this.peaks.columns(index, this.whole, columns).forEach((extremes, column) => {
        if (!extremes) return;
        const size = Math.min(1, Math.max(extremes[1], -extremes[0]) / loudest) ** 0.85 * (height / 2 - 2);
        const up = lanes.length === 1 || index === 0 ? size : 0;
        const down = lanes.length === 1 || index > 0 ? size : 0;
        context.fillRect(column * BAR_PX, height / 2 - up, 1.4, Math.max(0.5, up + down));
      });
    });
    context.globalAlpha = 1;
    this.#marks(context, palette, width, height);
    if (!this.viewport.isWhole) this.#window(context, palette, width, height);
    context.fillStyle = palette.ink;
    context.fillRect(timeToX(this.time, this.whole, width) - 1, 0, 2, height);
  }

  #marks(context, palette, width, height) {
    for (const mark of this.screen.marks) {
      if (mark.kind !== "finding") continue;
      context.fillStyle = palette[mark.look] ?? palette.high;
      context.fillRect(timeToX(mark.start_s, this.whole, width) - 1, 0, 3, 5);
      context.fillRect(timeToX(mark.start_s, this.whole, width) - 1, height - 5, 3, 5);
    }
  }

  #window(context, palette, width, height) {
    const left = timeToX(this.viewport.view.start, this.whole, width);
    const right = timeToX(this.viewport.view.end, this.whole, width);
    context.fillStyle = palette.surface;
    context.globalAlpha = 0.62;
    context.fillRect(0, 0, left, height);
    context.fillRect(right, 0, width - right, height);
    context.globalAlpha = 1;
    context.strokeStyle = palette.accent;
    context.lineWidth = 1.5;
    context.beginPath();
    context.roundRect(left + 0.75, 0.75, Math.max(4, right - left - 1.5), height - 1.5, 4);
    context.stroke();
  }
}
