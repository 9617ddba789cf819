import { expect, it } from "vitest";
import { missingTo, nextTier } from "./tiers.ts";

it("[LB101] names the next tier, and what is missing to it", () => {
  expect([5_000, 101, 100, 51, 11, 10, 4, 3, 2, 1].map(nextTier)).toEqual([100, 100, 50, 50, 10, 3, 3, 1, 1, undefined]);
  expect(missingTo(90, 100, "desc", 0)).toBe(11);
  expect(missingTo(12.34, 12.3, "asc", 2)).toBe(0.05);
  expect(missingTo(100, 100, "desc", 0)).toBe(1);
});
