import fc from "fast-check";
import { expect, it } from "vitest";
import { dueTimers, nextAlarm } from "./next-alarm.ts";

it("[KT20] the alarm goes to the earliest deadline, is left where it stands right, and taken away when there is none", () => {
  expect(nextAlarm([], null)).toEqual({ kind: "keep" });
  expect(nextAlarm([], 5)).toEqual({ kind: "disarm" });
  expect(nextAlarm([7, 5, 9], null)).toEqual({ kind: "arm", at: 5 });
  expect(nextAlarm([7, 5], 5)).toEqual({ kind: "keep" });
  expect(nextAlarm([7], 5)).toEqual({ kind: "arm", at: 7 });
});

it("[KT20] following it, the alarm always equals the least deadline", () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.integer(), { maxLength: 6 }), { maxLength: 20 }), (states) => {
      let armed: number | null = null;
      for (const dueAts of states) {
        const move = nextAlarm(dueAts, armed);
        if (move.kind === "arm") armed = move.at;
        if (move.kind === "disarm") armed = null;
        expect(armed).toBe(dueAts.length === 0 ? null : Math.min(...dueAts));
      }
    }),
    { seed: 20, numRuns: 300 },
  );
});

it("[KT22] due means at or before now; the earliest comes first, ties by name", () => {
  expect(dueTimers([["c", 3], ["b", 1], ["a", 1], ["d", 4]], 3)).toEqual(["a", "b", "c"]); // prettier-ignore
  expect(dueTimers([["a", 1]], 0)).toEqual([]);
});
