import { expect, it } from "vitest";
import { failpointsOf, NO_FAILPOINTS, type Failpoint } from "./failpoints.ts";

function recorded(spec: string) {
  const seen: string[] = [];
  const hit = failpointsOf(spec, { report: (line) => void seen.push(line), hold: () => void seen.push("held") });
  return { seen, hit: (name: Failpoint, times: number) => Array.from({ length: times }, () => hit(name)) };
}

it("[KT60] failpoints do nothing where the variable is absent or empty", () => {
  expect(failpointsOf(undefined)).toBe(NO_FAILPOINTS);
  expect(failpointsOf("")).toBe(NO_FAILPOINTS);
});

it("[KT60] a failpoint reports its n-th hit, once, and holds there", () => {
  const { seen, hit } = recorded("committed:3,sent:1");
  hit("committed", 2);
  expect(seen).toEqual([]);
  hit("committed", 2);
  expect(seen).toEqual(['{"failpoint":"committed","hit":3}', "held"]);
  hit("sealing", 5);
  hit("sent", 5);
  expect(seen.slice(2)).toEqual(['{"failpoint":"sent","hit":1}', "held"]);
});

it("[KT60] a failpoint list that cannot be read is refused", () => {
  for (const bad of ["committed", "committed:0", "committed:x", "gone:1", "committed:1,"]) {
    expect(() => failpointsOf(bad)).toThrow("is not name:count");
  }
});
