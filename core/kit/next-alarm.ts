/** What to do with an object's one alarm. */
export type AlarmMove = { readonly kind: "keep" } | { readonly kind: "arm"; readonly at: number } | { readonly kind: "disarm" };

const KEEP: AlarmMove = { kind: "keep" };
const DISARM: AlarmMove = { kind: "disarm" };

/**
 * Holds the one alarm at the earliest of many deadlines. It moves in both directions: waking an evicted object for
 * nothing costs more than the row that a move writes. All times are epoch milliseconds of the same clock.
 * @param dueAts the named deadlines, in any order
 * @param armedAt when the alarm fires now, or null
 */
export function nextAlarm(dueAts: Iterable<number>, armedAt: number | null): AlarmMove {
  let earliest = Number.POSITIVE_INFINITY;
  for (const dueAt of dueAts) if (dueAt < earliest) earliest = dueAt;
  if (earliest === Number.POSITIVE_INFINITY) return armedAt === null ? KEEP : DISARM;
  return earliest === armedAt ? KEEP : { kind: "arm", at: earliest };
}

/** The names that are due, the earliest first; names at the same moment go in the order of the alphabet. */
export function dueTimers(timers: Iterable<readonly [name: string, dueAt: number]>, now: number): string[] {
  return [...timers]
    .filter(([, dueAt]) => dueAt <= now)
    .sort(([nameA, a], [nameB, b]) => a - b || (nameA < nameB ? -1 : 1))
    .map(([name]) => name);
}
