import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeCursor, encodeCursor } from "./cursor.ts";

const part = fc.oneof(fc.string({ unit: "binary" }), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0))); // prettier-ignore
const shapeOf = (key: readonly (string | number)[]) => key.map((each) => (typeof each === "number" ? "number" : "string"));

it("[KT65] a cursor gives back its key, and fits into a URL as it is", () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), (key) => {
      const cursor = encodeCursor(key);
      expect(cursor).toMatch(/^[A-Za-z0-9_-]*$/);
      expect(decodeCursor(cursor, shapeOf(key))).toEqual(key);
    }),
    { seed: 65, numRuns: 500 },
  );
});

it("[KT66] text that is no cursor of ours with these parts is told apart, never thrown", () => {
  const shape = ["number", "string"] as const;
  const cursor = encodeCursor([1, "a"]);
  for (const bad of [
    "",
    "%%%",
    "e30",
    cursor.slice(1),
    `${cursor}AAAA`,
    encodeCursor(["a", 1]),
    encodeCursor([1]),
    encodeCursor([1, "a", 2]),
    btoa("null"),
  ]) {
    expect(decodeCursor(bad, shape)).toBeUndefined();
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      const key = decodeCursor(text, shape);
      expect(key === undefined || key.length === 2).toBe(true);
    }),
    { seed: 66, numRuns: 300 },
  );
});
