import { expect, it } from "vitest";
import { MemoryEntries } from "./entries-testing.ts";
import { ENTRY_STORE_CASES } from "./entry-store-testing.ts";

it.each(ENTRY_STORE_CASES)("[LB20] in memory: $name", ({ pairs }) => {
  for (const [actual, expected] of pairs(new MemoryEntries())) expect(actual).toEqual(expected);
});
