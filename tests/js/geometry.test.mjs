import assert from "node:assert/strict";
import { test } from "node:test";
import * as g from "../../app/web/static/js/call/geometry.js";

const WHOLE = { start: 0, end: 100 };

test("the middle of the view lies in the middle of the width, and back", () => {
  assert.equal(g.timeToX(30, { start: 20, end: 40 }, 800), 400);
  assert.equal(g.xToTime(400, { start: 20, end: 40 }, 800), 30);
});

test("pixel to time undoes time to pixel for any view", () => {
  for (const [start, end, width] of [[0, 7200, 1200], [3.25, 5.5, 377], [0, 0.1, 10]]) {
    for (const share of [0, 0.1, 0.5, 0.999, 1]) {
      const time = start + share * (end - start);
      const there = g.xToTime(g.timeToX(time, { start, end }, width), { start, end }, width);
      assert.ok(Math.abs(there - time) < 1e-9);
    }
  }
});

test("a canvas without width gives no NaN", () => {
  assert.equal(g.xToTime(5, WHOLE, 0), 0);
  assert.equal(g.timeToX(5, { start: 3, end: 3 }, 100), 0);
});

test("zooming keeps the moment under the pointer where it is", () => {
  const view = { start: 20, end: 60 };
  const zoomed = g.zoomAt(view, 2, 30, 100);
  assert.equal(zoomed.end - zoomed.start, 20);
  assert.equal(g.timeToX(30, zoomed, 1000), g.timeToX(30, view, 1000));
});

test("zooming in stops at the shortest view and out at the whole recording", () => {
  let view = WHOLE;
  for (let n = 0; n < 40; n += 1) view = g.zoomAt(view, 2, 50, 100);
  assert.equal(view.end - view.start, g.SHORTEST_VIEW_S);
  for (let n = 0; n < 40; n += 1) view = g.zoomAt(view, 0.5, 50, 100);
  assert.deepEqual(view, WHOLE);
});

test("a recording shorter than the shortest view is seen whole", () => {
  assert.deepEqual(g.zoomAt({ start: 0, end: 0.8 }, 2, 0.4, 0.8), { start: 0, end: 0.8 });
});

test("panning stops at both ends and keeps the width", () => {
  assert.deepEqual(g.panBy({ start: 10, end: 30 }, -50, 100), { start: 0, end: 20 });
  assert.deepEqual(g.panBy({ start: 10, end: 30 }, 500, 100), { start: 80, end: 100 });
});

test("centring puts the moment in the middle unless the end is near", () => {
  assert.deepEqual(g.centreOn({ start: 0, end: 20 }, 50, 100), { start: 40, end: 60 });
  assert.deepEqual(g.centreOn({ start: 0, end: 20 }, 3, 100), { start: 0, end: 20 });
});

test("following leaves the view alone until the playhead nears the edge", () => {
  const view = { start: 0, end: 20 };
  assert.equal(g.followView(view, 17.9, 100), view);
  assert.deepEqual(g.followView(view, 19, 100), { start: 17, end: 37 });
  assert.deepEqual(g.followView({ start: 40, end: 60 }, 10, 100), { start: 8, end: 28 });
});

test("at the end of the recording following does not run past it", () => {
  assert.deepEqual(g.followView({ start: 70, end: 90 }, 99, 100), { start: 80, end: 100 });
});

const LEVELS = [
  { bucket_s: 0.01, count: 12000 },
  { bucket_s: 0.08, count: 1500 },
  { bucket_s: 0.64, count: 188 },
];

test("the level drawn is the coarsest with a bucket for every pixel", () => {
  assert.equal(g.chooseLevel(LEVELS, { start: 0, end: 120 }, 1000), 1); // 0.12 s a pixel
  assert.equal(g.chooseLevel(LEVELS, { start: 0, end: 120 }, 100), 2); // 1.2 s a pixel
  assert.equal(g.chooseLevel(LEVELS, { start: 0, end: 2 }, 1000), 0); // finer than there is: the finest
});

test("the tiles of a view are those it touches, none past the end", () => {
  const level = { bucket_s: 0.01, count: 12000 };
  assert.deepEqual(g.tilesFor(level, { start: 0, end: 10 }, 1000), [0, 1]);
  assert.deepEqual(g.tilesFor(level, { start: 35, end: 42 }, 1000), [3, 4]);
  assert.deepEqual(g.tilesFor(level, { start: 115, end: 130 }, 1000), [11]);
});

test("the columns of a view cover its buckets without a hole", () => {
  const level = { bucket_s: 0.08, count: 1500 };
  let reached = 0;
  for (let column = 0; column < 333; column += 1) {
    const [from, to] = g.bucketsOfColumn(column, 333, { start: 0, end: 120 }, level);
    assert.ok(from <= reached && to > from, `column ${column}: ${from} to ${to}, reached ${reached}`);
    reached = to;
  }
  assert.equal(reached, 1500);
});

test("a column past the end of the sound shows no bucket", () => {
  const [from, to] = g.bucketsOfColumn(99, 100, { start: 0, end: 200 }, { bucket_s: 1, count: 100 });
  assert.ok(to <= from);
});

test("ticks are whole steps apart and have room", () => {
  assert.deepEqual(g.ticks({ start: 0, end: 100 }, 500, 72), [0, 15, 30, 45, 60, 75, 90]);
  assert.deepEqual(g.ticks({ start: 7.3, end: 9.3 }, 400, 72), [7.5, 8, 8.5, 9]);
  assert.deepEqual(g.ticks({ start: 0, end: 0 }, 400), []);
});

test("clock times are read as on a clock", () => {
  const cases = [[0, "0:00"], [7.99, "0:07"], [65, "1:05"], [3723, "1:02:03"], [-1, "0:00"]];
  for (const [seconds, text] of cases) assert.equal(g.formatTime(seconds), text);
  assert.equal(g.formatTime(7.49, { tenths: true }), "0:07.4");
  assert.equal(g.formatTime(59.96, { tenths: true }), "0:59.9");
  assert.equal(g.formatTime(0.3, { tenths: true }), "0:00.3");
});

test("marks too near each other make a group, those out of sight are left out", () => {
  const marks = [5, 10, 10.5, 40, 99].map((start_s) => ({ start_s, end_s: start_s + 1 }));
  const groups = g.groupMarks(marks, { start: 8, end: 58 }, 500, 20);
  assert.deepEqual(groups.map((group) => [group.x, group.marks.length]), [[20, 2], [320, 1]]);
});

test("of two marks under the pointer the shorter is meant", () => {
  const long = { start_s: 10, end_s: 30 };
  const short = { start_s: 14, end_s: 15 };
  assert.equal(g.markAt([long, short], 14.5), short);
  assert.equal(g.markAt([long, short], 20), long);
  assert.equal(g.markAt([long, short], 31), null);
  assert.equal(g.markAt([long, short], 31, 2), long);
});
