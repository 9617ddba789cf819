import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listFiles, ROOT } from "../lib/project.ts";
import type { Check } from "./check.ts";

const RULE = /^\s*(?:[-*]\s+)?\[([A-Z]{2}\d+)\]/gm;
const TEST_TITLE = /(?<![.\w])(?:it|test)(?:\.[a-z]+(?:\([^)]*\))?)*\(\s*(["'`])((?:\\.|(?!\1)[^\\])*)\1/g;
const CITED = /\[([A-Z]{2}\d+)\]/g;

/** Ids of the rules that a spec states, with repeats. */
export function rulesOf(spec: string): string[] {
  return [...spec.matchAll(RULE)].map((match) => match[1] ?? "");
}

/** Titles of the tests in a source. */
export function testTitles(source: string): string[] {
  return [...source.matchAll(TEST_TITLE)].map((match) => match[2] ?? "");
}

export interface Named {
  readonly path: string;
  readonly text: string;
}

/** Rules without a test, tests without a rule, tests of rules that do not exist, and rules stated twice. */
export function ruleFaults(specs: readonly Named[], tests: readonly Named[]): string[] {
  const faults: string[] = [];
  const stated = new Map<string, string>();
  for (const spec of specs)
    for (const id of rulesOf(spec.text)) {
      const before = stated.get(id);
      if (before) faults.push(`${spec.path}: rule [${id}] is stated twice (also in ${before})`);
      stated.set(id, spec.path);
    }
  const tested = new Set<string>();
  for (const test of tests)
    for (const title of testTitles(test.text)) {
      const cited = [...title.matchAll(CITED)].map((match) => match[1] ?? "");
      if (cited.length === 0) faults.push(`${test.path}: "${title}" names no rule, such as [KT3]`);
      for (const id of cited) {
        if (!stated.has(id)) faults.push(`${test.path}: "${title}" names [${id}], which no file in docs/spec states`);
        tested.add(id);
      }
    }
  for (const [id, path] of stated) if (!tested.has(id)) faults.push(`${path}: rule [${id}] has no test that names it`);
  return faults;
}

const read = (path: string): Named => ({ path, text: readFileSync(join(ROOT, path), "utf8") });

export const rules: Check = {
  name: "rules against tests",
  run: () =>
    ruleFaults(
      listFiles("docs/spec").map(read),
      listFiles("contract", "core", "durable-objects", "workers", "sdk", "web", "scripts", "tests", "bench")
        .filter((path) => /\.test\.tsx?$/.test(path))
        .map(read),
    ),
};
