/** What running a mutant's test file showed. Only `killed` is good. */
export type Verdict =
  | "killed"
  | "survived"
  /** The text to replace is not in the source exactly once: the catalogue no longer fits the code. */
  | "stale"
  /** No test of the rule ran with the defect in: the file did not load, or no test names the rule. Proves nothing. */
  | "broken"
  | "hung"
  /** The test fails without any defect. */
  | "red";

/** What one test of a run did. */
export interface TestResult {
  /** Absolute, with `/`. */
  readonly file: string;
  readonly title: string;
  readonly status: "passed" | "failed" | "other";
}

/** Results of vitest's JSON reporter; undefined when it is none. */
export function readReport(report: unknown): TestResult[] | undefined {
  const files = field(report, "testResults");
  if (!Array.isArray(files)) return undefined;
  return files.flatMap((file: unknown) => {
    const results = field(file, "assertionResults");
    if (!Array.isArray(results)) return [];
    return results.map((result: unknown) => {
      const status = field(result, "status");
      return {
        file: String(field(file, "name")),
        title: String(field(result, "title")),
        status: status === "passed" || status === "failed" ? status : "other",
      } as const;
    });
  });
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** Whether a test that names the rule noticed the defect. Failures of other tests do not count. */
export function judge(results: readonly TestResult[] | undefined, rule: string): Verdict {
  const own = (results ?? []).filter(({ title, status }) => title.includes(`[${rule}]`) && status !== "other");
  if (own.some(({ status }) => status === "failed")) return "killed";
  return own.length > 0 ? "survived" : "broken";
}
