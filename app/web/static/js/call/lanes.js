/** What is heard when, party by party? Draws the visible stretch: outline, speech, talk-over, dead air, marks, playhead. */

import { hatch, prepare } from "./canvas.js";
import { formatTime, ticks, timeToX } from "./geometry.js";
import { readPalette } from "./palette.js";

const AXIS_PX = 20;
const GAP_PX = 6;
const STRIP_PX = 4;
const BAR_PX = 3;
const LOOK_COLOURS = { critical: "critical", high: "high", medium: "medium", low: "low", info: "info", violation: "high", required: "good", context: "info", counter: "low" };

export class Lanes {
  constructor(canvas, screen, peaks, viewport) {
    this.canvas = canvas;
    this.screen = screen;
    this.peaks = peaks;
    this.viewport = viewport;
    this.time = 0;
    this.hover = null;
    this.silenced = new Set();
  }

  draw() {
    const palette = readPalette(this.canvas);
    const { context, width, height } = prepare(this.canvas);
    if (!width) return;
    const { view } = this.viewport;
    this.peaks.want(view, Math.floor(width / BAR_PX));
    const count = this.screen.lanes.length;
    const room = (height - AXIS_PX - GAP_PX * (count - 1)) / count;
    const body = height - AXIS_PX;
    this.screen.lanes.forEach((lane, index) => {
      this.#lane(context, palette, index, lane, { y: index * (room + GAP_PX), height: room, width, view });
    });
    this.#stretches(context, this.screen.dead_air, view, width, (x, w) => hatch(context, x, 0, w, body, palette["line-strong"]));
    if (count > 1) {
      this.#stretches(context, this.screen.overlap, view, width, (x, w) => {
        context.globalAlpha = 0.16;
        context.fillStyle = palette.medium;
        context.fillRect(x, 0, w, body);
        context.globalAlpha = 1;
        context.fillStyle = palette.medium;
        context.fillRect(x, room, w, GAP_PX);
      });
    }
    this.#axis(context, palette, view, width, height);
    if (this.hover !== null) this.#line(context, this.hover, body, palette["ink-3"], 1, palette, true, view, width);
    this.#line(context, this.time, body, palette.ink, 2, palette, false, view, width);
  }

  #lane(context, palette, index, lane, { y, height, width, view }) {
    const colour = palette[lane.side] ?? palette.unknown;
    const silent = this.silenced.has(index);
    context.fillStyle = palette["surface-sunk"];
    context.fillRect(0, y, width, height);
    this.#marks(context, palette, lane, { y, height, width, view });
    const middle = y + (height - STRIP_PX - 2) / 2;
    const reach = (height - STRIP_PX - 8) / 2;
    context.fillStyle = palette.line;
    context.fillRect(0, middle - 0.5, width, 1);
    const columns = Math.floor(width / BAR_PX);
    const loudest = Math.max(this.peaks.loudest(index), 0.05);
    const playedTo = timeToX(this.time, view, width);
    context.fillStyle = colour;
    this.peaks.columns(index, view, columns).forEach((extremes, column) => {
      if (!extremes) return;
      const up = Math.min(1, Math.max(0, extremes[1]) / loudest) ** 0.85 * reach;
      const down = Math.min(1, Math.max(0, -extremes[0]) / loudest) ** 0.85 * reach;
      const x = column * BAR_PX;
      context.globalAlpha = silent ? 0.18 : x < playedTo ? 1 : 0.5;
      context.fillRect(x, middle - Math.max(0.5, up), BAR_PX - 1, Math.max(1, up + down));
    });
    this.#parts(context, palette, index, { y, height, width, view });
    context.globalAlpha = silent ? 0.3 : 1;
    context.fillStyle = palette.line;
    context.fillRect(0, y + height - STRIP_PX, width, STRIP_PX);
    context.fillStyle = colour;
    this.#stretches(context, this.screen.speech[index] ?? [], view, width, (x, w) => {
      context.fillRect(x, y + height - STRIP_PX, w, STRIP_PX);
    });
    context.globalAlpha = 1;
  }

  #marks(context, palette, lane, { y, height, width, view }) {
    for (const mark of this.screen.marks) {
      if (mark.kind === "tone" || (mark.side !== lane.side && mark.side !== "unknown" && lane.side !== "unknown")) continue;
      const colour = palette[LOOK_COLOURS[mark.look]] ?? palette.info;
      this.#stretches(context, [[mark.start_s, mark.end_s]], view, width, (x, w) => {
        context.globalAlpha = mark.kind === "finding" ? 0.24 : 0.14;
        context.fillStyle = colour;
        context.fillRect(x, y, Math.max(2, w), height - STRIP_PX);
        context.globalAlpha = 1;
        context.fillRect(x, y, Math.max(2, w), 2);
      });
    }
    for (const tone of this.screen.tones) {
      if ((this.screen.lanes[tone.lane] ?? lane) !== lane) continue;
      this.#stretches(context, [[tone.start_s, tone.end_s]], view, width, (x, w) => {
        hatch(context, x, y, Math.max(2, w), height - STRIP_PX, palette["ink-3"]);
      });
    }
  }

  /** Name ringing, menus, voicemail and hold: a tinted stretch with its name at the top, as far as there is room for it. */
  #parts(context, palette, index, { y, height, width, view }) {
    context.font = `550 11px ${palette.font}`;
    context.textBaseline = "top";
    for (const part of this.screen.parts ?? []) {
      if (part.lane !== index) continue;
      this.#stretches(context, [[part.start_s, part.end_s]], view, width, (x, w) => {
        context.globalAlpha = 0.1;
        context.fillStyle = palette["ink-3"];
        context.fillRect(x, y, w, height - STRIP_PX);
        context.globalAlpha = 1;
        context.fillRect(x, y, 1, height - STRIP_PX);
        const room = context.measureText(part.label).width + 10;
        if (room > w) return;
        context.fillStyle = palette.surface;
        context.fillRect(x + 1, y, room, 17);
        context.fillStyle = palette.ink;
        context.fillText(part.label, x + 6, y + 3);
      });
    }
  }

  #stretches(context, spans, view, width, paint) {
    for (const [start, end] of spans) {
      if (end < view.start || start > view.end) continue;
      const x = Math.max(0, timeToX(start, view, width));
      paint(x, Math.max(1, Math.min(width, timeToX(end, view, width)) - x));
    }
  }

  #axis(context, palette, view, width, height) {
    context.font = `11px ${palette.font}`;
    context.textBaseline = "bottom";
    context.fillStyle = palette["ink-3"];
    const moments = ticks(view, width);
    const tenths = moments.length > 1 && moments[1] - moments[0] < 1;
    for (const moment of moments) {
      const x = timeToX(moment, view, width);
      context.fillRect(x, height - AXIS_PX, 1, 5);
      const text = formatTime(moment, { tenths });
      const room = context.measureText(text).width;
      context.fillText(text, Math.min(Math.max(0, x - room / 2), width - room), height - 1);
    }
  }

  #line(context, time, body, colour, thickness, palette, labelled, view, width) {
    const x = timeToX(time, view, width);
    if (x < -1 || x > width + 1) return;
    context.fillStyle = colour;
    context.fillRect(x - thickness / 2, 0, thickness, body);
    if (!labelled) {
      context.beginPath();
      context.moveTo(x - 5, 0);
      context.lineTo(x + 5, 0);
      context.lineTo(x, 7);
      context.fill();
      return;
    }
    const text = formatTime(time, { tenths: true });
    context.font = `550 11px ${palette.font}`;
    context.textBaseline = "middle";
    const room = context.measureText(text).width + 10;
    const left = Math.min(Math.max(0, x + 6), width - room);
    context.fillStyle = palette.ink;
    context.beginPath();
    context.roundRect(left, 3, room, 17, 4);
    context.fill();
    context.fillStyle = palette.surface;
    context.fillText(text, left + 5, 12);
  }
}
