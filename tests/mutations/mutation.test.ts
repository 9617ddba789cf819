import { expect, it } from "vitest";
import { chooseSample } from "./sample.ts";
import { type Mutation, mutate, projectOf } from "./mutation.ts";

it("[SC20] replaces a text that is there once, and nothing that is absent, there twice or empty", () => {
  expect(mutate("a < b && c < d", { find: "a < b", replace: "a > $& b" })).toBe("a > $& b && c < d");
  expect(mutate("a < b", { find: "a <= b", replace: "" })).toBeUndefined();
  expect(mutate("aa", { find: "a", replace: "" })).toBeUndefined();
  expect(mutate("aaa", { find: "aa", replace: "" })).toBeUndefined();
  expect(mutate("a", { find: "", replace: "b" })).toBeUndefined();
});

const mutation = (rule: string, test: string): Mutation => ({ rule, defect: "", file: "", find: rule, replace: "", test });
const CATALOGUE = [
  ...Array.from({ length: 40 }, (_, n) => mutation(`HT${n}`, "workers/http/x.test.ts")),
  ...Array.from({ length: 40 }, (_, n) => mutation(`KT${n}`, "core/kit/x.test.ts")),
];

it("[SC23] takes the same mutations for the same seed and others for another, a quarter of them inside workerd", () => {
  const chosen = chooseSample(CATALOGUE, "a1b2c3", 8);
  expect(chooseSample(CATALOGUE.toReversed(), "a1b2c3", 8)).toEqual(chosen);
  expect(chooseSample(CATALOGUE, "a1b2c4", 8)).not.toEqual(chosen);
  expect(chosen.map(projectOf).filter((project) => project === "workers")).toHaveLength(2);
  expect(new Set(chosen).size).toBe(8);
});

it("[SC23] comes to every mutation with time", () => {
  const seen = new Set(Array.from({ length: 200 }, (_, seed) => chooseSample(CATALOGUE, String(seed), 8)).flat());
  expect(seen.size).toBe(CATALOGUE.length);
});
