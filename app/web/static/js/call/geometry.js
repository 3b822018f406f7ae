/**
 * Where is a moment on the screen, and what lies under the pointer? Pure functions from seconds to pixels and back.
 *
 * A view is {start, end}: the stretch of the recording that is visible, in seconds. Nothing here touches the page.
 */

export const SHORTEST_VIEW_S = 2;

const TICK_STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

/** Return the view cut to the recording: never shorter than the shortest view, never outside. */
export function clampView(view, duration, shortest = SHORTEST_VIEW_S) {
  const span = Math.min(duration, Math.max(Math.min(shortest, duration), view.end - view.start));
  const start = Math.min(Math.max(0, view.start), duration - span);
  return { start, end: start + span };
}

/** Return the pixel, measured from the left edge, at which a moment lies; outside the view it lies outside the width. */
export function timeToX(time, view, width) {
  const span = view.end - view.start;
  return span > 0 ? ((time - view.start) / span) * width : 0;
}

/** Return the moment under a pixel; the inverse of timeToX. */
export function xToTime(x, view, width) {
  return width > 0 ? view.start + (x / width) * (view.end - view.start) : view.start;
}

/** Zoom by a factor (2 = half as much time is seen); the moment `anchor` stays under the pointer. */
export function zoomAt(view, factor, anchor, duration) {
  const span = view.end - view.start;
  const wanted = Math.min(duration, Math.max(Math.min(SHORTEST_VIEW_S, duration), span / factor));
  const share = span > 0 ? (anchor - view.start) / span : 0.5;
  const start = anchor - share * wanted;
  return clampView({ start, end: start + wanted }, duration);
}

/** Move the view by seconds, as far as the recording goes. */
export function panBy(view, seconds, duration) {
  return clampView({ start: view.start + seconds, end: view.end + seconds }, duration);
}

/** Centre the view on a moment, as far as the recording goes. */
export function centreOn(view, time, duration) {
  return panBy(view, time - (view.start + view.end) / 2, duration);
}

/** Return the view that keeps the playhead in sight: unchanged until it comes near the right edge or is outside. */
export function followView(view, time, duration) {
  const span = view.end - view.start;
  if (time >= view.start && time <= view.start + span * 0.9) return view;
  return clampView({ start: time - span * 0.1, end: time + span * 0.9 }, duration);
}

/**
 * Choose the peak level to draw from: the coarsest that still has a bucket per device pixel, else the finest there is.
 * `levels` is a list of {bucket_s}, finest first; the answer is an index into it.
 */
export function chooseLevel(levels, view, devicePixels) {
  const perPixel = (view.end - view.start) / Math.max(1, devicePixels);
  let chosen = 0;
  levels.forEach((level, index) => {
    if (level.bucket_s <= perPixel) chosen = index;
  });
  return chosen;
}

/** Return the numbers of the tiles (runs of `tileSize` buckets) of a level that a view touches. */
export function tilesFor(level, view, tileSize) {
  const last = Math.max(0, Math.ceil(level.count / tileSize) - 1);
  const from = Math.max(0, Math.floor(view.start / level.bucket_s / tileSize));
  const to = Math.min(last, Math.floor(view.end / level.bucket_s / tileSize));
  const tiles = [];
  for (let tile = from; tile <= to; tile += 1) tiles.push(tile);
  return tiles;
}

/** Return the buckets [from, to) that one pixel column shows: at least one, none past the end of the level. */
export function bucketsOfColumn(column, columns, view, level) {
  const from = Math.floor(xToTime(column, view, columns) / level.bucket_s);
  const to = Math.ceil(xToTime(column + 1, view, columns) / level.bucket_s);
  return [Math.max(0, Math.min(from, level.count)), Math.min(level.count, Math.max(to, from + 1))];
}

/** Return the moments to label on the time axis, whole steps apart and at least `room` pixels from each other. */
export function ticks(view, width, room = 72) {
  const span = view.end - view.start;
  if (!(span > 0) || !(width > 0)) return [];
  const step = TICK_STEPS_S.find((candidate) => (candidate / span) * width >= room) ?? 3600;
  const moments = [];
  for (let n = Math.ceil(view.start / step - 1e-9); n * step <= view.end + 1e-9; n += 1) {
    moments.push(Math.round(n * step * 1000) / 1000 + 0); // + 0 turns -0 into 0
  }
  return moments;
}

/** Write seconds as people read them: 0:07, 12:45, 1:02:03; with tenths 0:07.4. Half a unit is cut, as on a clock. */
export function formatTime(seconds, { tenths = false } = {}) {
  const whole = Math.max(0, tenths ? Math.floor(seconds * 10 + 1e-6) / 10 : Math.floor(seconds + 1e-6));
  const total = Math.floor(whole);
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const rest = String(total % 60).padStart(2, "0");
  const clock = hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
  return tenths ? `${clock}.${Math.round((whole - total) * 10)}` : clock;
}

/**
 * Gather marks that would lie on top of each other. `marks` are sorted by `start_s`; those outside the view are left out.
 * Each group is {x, marks}: x is where its first mark lies.
 */
export function groupMarks(marks, view, width, gap) {
  const groups = [];
  for (const mark of marks) {
    const x = timeToX(mark.start_s, view, width);
    if (x < 0 || x > width) continue;
    const last = groups[groups.length - 1];
    if (last && x - last.x < gap) last.marks.push(mark);
    else groups.push({ x, marks: [mark] });
  }
  return groups;
}

/** Return the shortest mark whose span, widened by `reach_s` at both ends, holds the moment; null when there is none. */
export function markAt(marks, time, reach_s = 0) {
  let found = null;
  for (const mark of marks) {
    if (time < mark.start_s - reach_s || time > mark.end_s + reach_s) continue;
    if (!found || mark.end_s - mark.start_s < found.end_s - found.start_s) found = mark;
  }
  return found;
}
