import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { followersMissNothing, type Seen } from "./hub-model.ts";
import { Bench } from "./testing.ts";

describe("a hub against a naive reader", () => {
  it("[LV3] delivers every publication once and in order, or says what is missing", () => {
    const seen: Seen = { events: 0, reported: 0, slow: 0, slept: 0, unsent: 0, exact: 0 };
    fc.assert(followersMissNothing(seen), { seed: 20_261_120, numRuns: 300 });
    // Not vacuous: all that can happen did.
    expect(Math.min(...Object.values(seen)), JSON.stringify(seen)).toBeGreaterThan(20);
  });

  it("[LV8] survives any text: it answers, or closes with a code of the closed set", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.json(), fc.string(), fc.constantFrom('{"v":1,"type":"ack","n":0}')), { maxLength: 20 }), (texts) => {
        const bench = new Bench();
        bench.join("a");
        for (const text of texts) bench.do(bench.machine.receive("a", text, bench.now));
        expect([undefined, 4400, 4413, 4429]).toContain(bench.closed.get("a"));
        expect(bench.machine.sockets).toBe(bench.closed.size === 0 ? 1 : 0);
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});
