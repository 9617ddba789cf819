import fc from "fast-check";
import { expect, it } from "vitest";
import { rendezvous, rendezvousPlace } from "./rendezvous.ts";

const nodeSets = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 12 });
const keys = fc.array(fc.string({ maxLength: 40 }), { minLength: 1, maxLength: 50 });

it("[KT50] a node that joins takes keys only for itself, and one that leaves gives up only its own", () => {
  let moved = 0;
  fc.assert(
    fc.property(nodeSets, fc.string({ minLength: 21, maxLength: 30 }), keys, (nodes, joining, names) => {
      for (const name of names) {
        const before = rendezvous(name, nodes);
        const after = rendezvous(name, [...nodes, joining]);
        if (after !== before) {
          expect(after).toBe(joining);
          moved += 1;
        }
      }
    }),
    { seed: 50, numRuns: 300 },
  );
  expect(moved).toBeGreaterThan(100);
});

it("[KT50] the order in which nodes are listed does not matter", () => {
  fc.assert(
    fc.property(nodeSets, keys, (nodes, names) => {
      for (const name of names) expect(rendezvous(name, nodes)).toBe(rendezvous(name, nodes.toReversed()));
    }),
    { seed: 51, numRuns: 200 },
  );
});

it("[KT51] keys spread evenly: each of 8 nodes gets 1/8 within a tenth of it", () => {
  for (const shape of [(i: number) => `account:user${i}@example.com`, (i: number) => `address:10.0.${i >> 8}.${i & 255}`, String]) {
    const counts = Array.from({ length: 8 }, () => 0);
    for (let i = 0; i < 16_000; i++) counts[rendezvousPlace(shape(i), 8)]! += 1;
    for (const count of counts) {
      expect(count).toBeGreaterThan(1_800);
      expect(count).toBeLessThan(2_200);
    }
  }
});

it("[KT51] there is no place among no nodes", () => {
  expect(() => rendezvous("key", [])).toThrow(RangeError);
  expect(rendezvousPlace("key", 1)).toBe(0);
});
