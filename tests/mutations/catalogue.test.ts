import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { rulesOf, testTitles } from "../../scripts/checks/rules.ts";
import { ROOT } from "../../scripts/lib/project.ts";
import { CATALOGUE } from "./catalogue.ts";

const stated = readdirSync(join(ROOT, "docs/spec")).flatMap((file) => rulesOf(readFileSync(join(ROOT, "docs/spec", file), "utf8")));

it("[SC24] holds mutations of every family of rules", () => {
  const families = new Set(stated.map((id) => id.slice(0, 2)));
  expect(families.size).toBeGreaterThan(5);
  const mutated = new Set(CATALOGUE.map(({ rule }) => rule.slice(0, 2)));
  expect([...families].filter((family) => !mutated.has(family))).toEqual([]);
});

it("[SC24] names rules that are stated and test files with a test of the rule", () => {
  const faults = CATALOGUE.flatMap(({ rule, test }) => {
    const path = join(ROOT, test);
    const titles = existsSync(path) ? testTitles(readFileSync(path, "utf8")) : [];
    return [
      ...(stated.includes(rule) ? [] : [`${rule} is stated nowhere`]),
      ...(titles.some((title) => title.includes(`[${rule}]`)) ? [] : [`${test} has no test of ${rule}`]),
    ];
  });
  expect(faults).toEqual([]);
});

it("[SC24] has no mutation twice", () => {
  const keys = CATALOGUE.map(({ rule, file, find, replace }) => JSON.stringify([rule, file, find, replace]));
  expect(new Set(keys).size).toBe(keys.length);
});
