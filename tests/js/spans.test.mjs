import assert from "node:assert/strict";
import { test } from "node:test";
import * as s from "../../app/web/static/js/call/spans.js";
import { SPEEDS, stepSpeed } from "../../app/web/static/js/call/speed.js";

test("the word being said is the last that has started", () => {
  const starts = [0, 0.4, 0.4, 2];
  assert.equal(s.lastStartedAt(starts, -0.1), -1);
  assert.equal(s.lastStartedAt(starts, 0), 0);
  assert.equal(s.lastStartedAt(starts, 0.4), 2);
  assert.equal(s.lastStartedAt(starts, 99), 3);
  assert.equal(s.lastStartedAt([], 1), -1);
});

test("seconds heard twice count once", () => {
  assert.equal(s.totalSeconds([[0, 10], [5, 12], [20, 21]]), 13);
  assert.deepEqual(s.mergeSpans([[5, 12], [0, 5]]), [[0, 12]]);
  assert.equal(s.totalSeconds([]), 0);
});

const SPEECH = [[2, 4], [4.6, 6], [20, 25]];

test("a long silence is skipped to just before the next speech", () => {
  assert.equal(s.skipTarget(0, SPEECH), 1.75);
  assert.equal(s.skipTarget(7, SPEECH), 19.75);
});

test("speech, its short tail and a short pause are played", () => {
  assert.equal(s.skipTarget(3, SPEECH), null);
  assert.equal(s.skipTarget(6.1, SPEECH), null);
  assert.equal(s.skipTarget(4.3, SPEECH), null);
});

test("after the last speech nothing is skipped", () => {
  assert.equal(s.skipTarget(30, SPEECH), null);
  assert.equal(s.skipTarget(0, []), null);
});

test("next and previous marks step, and back has a grace while it plays", () => {
  const moments = [5, 12, 40];
  assert.equal(s.nextMoment(moments, 5), 12);
  assert.equal(s.nextMoment(moments, 40), null);
  assert.equal(s.previousMoment(moments, 12.5), 5);
  assert.equal(s.previousMoment(moments, 13.5), 12);
  assert.equal(s.previousMoment(moments, 3), null);
});

test("speed steps stay inside what is offered", () => {
  assert.equal(stepSpeed(1, 1), 1.25);
  assert.equal(stepSpeed(0.5, -1), 0.5);
  assert.equal(stepSpeed(3, 1), 3);
  assert.ok(SPEEDS.every((speed, index) => index === 0 || speed > SPEEDS[index - 1]));
});
