import { describe, expect, it } from "vitest";
import type { RunEnd } from "./copy.ts";
import type { Mutation } from "./mutation.ts";
import { findStale, type Outcome, runMutations, type Workplace } from "./run.ts";
import { judge, readReport, type TestResult } from "./verdict.ts";

const MUTATION: Mutation = { rule: "XX1", defect: "d", file: "a.ts", find: "x", replace: "y", test: "a.test.ts" };
const result = (title: string, status: TestResult["status"]): TestResult => ({ file: "/copy/a.test.ts", title, status });
const GREEN = [result("[XX1] holds", "passed")];
const RED = [result("[XX1] holds", "failed")];

/** A copy whose tests answer what they are told to, first without a defect, then with it. */
function copyThat(healthy: readonly TestResult[], mutant: readonly TestResult[] | "hung", source = "x"): Workplace & { runs: number } {
  let broken = false;
  return {
    runs: 0,
    read: () => source,
    async with(mutation, work) {
      if (source !== mutation.find) return undefined;
      broken = true;
      const done = await work();
      broken = false;
      return done;
    },
    async test(): Promise<RunEnd> {
      this.runs++;
      if (broken && mutant === "hung") return { results: undefined, hung: true };
      return { results: broken && mutant !== "hung" ? [...mutant] : [...healthy], hung: false };
    },
  };
}

async function verdictOf(copy: Workplace): Promise<string | undefined> {
  const told: Outcome[] = [];
  await runMutations(copy, "node", [MUTATION], (outcome) => told.push(outcome));
  expect(told).toHaveLength(1);
  return told[0]?.verdict;
}

describe("a mutation", () => {
  it("[SC21] is killed when a test of its rule fails, and survives when all of them pass", async () => {
    expect(await verdictOf(copyThat(GREEN, RED))).toBe("killed");
    expect(await verdictOf(copyThat(GREEN, GREEN))).toBe("survived");
    expect(await verdictOf(copyThat(GREEN, [...GREEN, result("[XX1] holds too", "failed")]))).toBe("killed");
  });

  it("[SC21] survives when only tests of other rules fail, even of one whose id begins alike", async () => {
    expect(await verdictOf(copyThat(GREEN, [...GREEN, result("[XX2] other", "failed"), result("[XX11] other", "failed")]))).toBe(
      "survived",
    );
  });

  it("[SC20] that no longer fits its source is stale, tried or not", async () => {
    expect(await verdictOf(copyThat(GREEN, RED, "z"))).toBe("stale");
    expect(findStale(copyThat(GREEN, RED, "z"), [MUTATION])).toEqual([{ mutation: MUTATION, verdict: "stale" }]);
    expect(findStale(copyThat(GREEN, RED), [MUTATION])).toEqual([]);
    expect(findStale({ read: () => undefined }, [MUTATION])).toHaveLength(1);
  });

  it("[SC21] proves nothing when the tests do not load, do not end, or fail without it", async () => {
    expect(await verdictOf(copyThat(GREEN, []))).toBe("broken");
    expect(await verdictOf(copyThat(GREEN, "hung"))).toBe("hung");
    expect(await verdictOf(copyThat([], RED))).toBe("broken");
    expect(await verdictOf(copyThat(RED, RED))).toBe("red");
  });
});

it("[SC21] reads vitest's report, skipped tests aside, and nothing out of what is no report", () => {
  const report = {
    testResults: [
      { name: "/copy/a.test.ts", assertionResults: [{ title: "[XX1] holds", status: "failed" }] },
      { name: "/copy/b.test.ts", assertionResults: [{ title: "[XX1] later", status: "skipped" }] },
      { name: "/copy/c.test.ts", message: "it does not load", assertionResults: [] },
    ],
  };
  expect(readReport(report)).toEqual([
    { file: "/copy/a.test.ts", title: "[XX1] holds", status: "failed" },
    { file: "/copy/b.test.ts", title: "[XX1] later", status: "other" },
  ]);
  expect(judge(readReport(report), "XX1")).toBe("killed");
  for (const none of [undefined, null, "text", {}, { testResults: {} }]) expect(judge(readReport(none), "XX1")).toBe("broken");
});
