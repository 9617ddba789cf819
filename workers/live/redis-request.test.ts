import fc from "fast-check";
import { expect, it } from "vitest";
import { readMany, readSingle } from "./redis-request.ts";

it("[LB93] takes any JSON for what it is: commands with an error or keys of their own, or a refusal", () => {
  const word = fc.oneof(
    fc.constantFrom("ZADD", "zrange", "DEL", "toString", "__proto__", ""),
    fc.string({ unit: "binary" }),
    fc.integer(),
    fc.boolean(),
  );
  const command = fc.oneof({ weight: 4, arbitrary: fc.array(word, { maxLength: 6 }) }, fc.jsonValue());
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof({ weight: 3, arbitrary: fc.array(command, { maxLength: 5 }) }, command), (json) => {
      for (const read of [readSingle(json), readMany(json, { commands: 4 })]) {
        if (!read.ok) {
          expect(["invalid-body", "payload-too-large"]).toContain(read.problem.slug);
          continue;
        }
        for (const sent of [read.value].flat()) {
          if ("error" in sent) continue;
          taken += 1;
          expect(sent.keys.length).toBeGreaterThan(0);
          for (const key of sent.keys)
            expect([sent.words.includes(key), key.isWellFormed(), encodeURIComponent(key)]).toEqual([true, true, expect.any(String)]);
        }
      }
    }),
    { seed: 93, numRuns: 1_500 },
  );
  expect(taken).toBeGreaterThan(50);
});
