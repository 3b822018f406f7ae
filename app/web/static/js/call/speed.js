/** How fast is played? The speeds on offer, and the steps between them. */

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3];

/** Return the next faster (direction 1) or slower (-1) speed; the ends stay where they are. */
export function stepSpeed(speed, direction) {
  const nearest = SPEEDS.reduce((best, each) => (Math.abs(each - speed) < Math.abs(best - speed) ? each : best));
  const index = SPEEDS.indexOf(nearest) + direction;
  return SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, index))];
}
