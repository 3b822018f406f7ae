/**
 * Which stretch of the recording holds a moment, and which comes next? Pure functions over sorted lists of [start, end].
 */

/** Return the index of the last entry whose start is not after the moment; -1 before the first. Starts are sorted. */
export function lastStartedAt(starts, time) {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Join spans that overlap or touch; the answer is sorted and disjoint. */
export function mergeSpans(spans) {
  const merged = [];
  for (const [start, end] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = merged[merged.length - 1];
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  return merged;
}

/** Return the seconds that spans cover together; overlapping parts count once. */
export function totalSeconds(spans) {
  return mergeSpans(spans).reduce((sum, [start, end]) => sum + (end - start), 0);
}

/**
 * Say where to jump when silence is skipped: the start of the next speech less `lead_s`, or null to go on playing.
 * Silence shorter than `shortest_s` is played; after the last speech nothing is skipped, so that the end is heard.
 */
export function skipTarget(time, speech, { lead_s = 0.25, shortest_s = 1 } = {}) {
  const starts = speech.map(([start]) => start);
  const before = lastStartedAt(starts, time);
  if (before >= 0 && time < speech[before][1] + lead_s) return null;
  const next = speech[before + 1];
  if (!next) return null;
  const target = next[0] - lead_s;
  return target - time >= shortest_s ? target : null;
}

/** Return the first moment after `time` by more than a hair, or null. Moments are sorted. */
export function nextMoment(moments, time) {
  return moments.find((moment) => moment > time + 0.05) ?? null;
}

/** Return the last moment more than `grace_s` before `time`, or null; so pressing twice goes back twice while it plays. */
export function previousMoment(moments, time, grace_s = 1) {
  for (let index = moments.length - 1; index >= 0; index -= 1) {
    if (moments[index] < time - grace_s) return moments[index];
  }
  return null;
}
