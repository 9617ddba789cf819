import { RE2JS } from "re2js";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import type { Matcher } from "../../contract/metric-query.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";

/** A matcher that is ready to be asked. An absent label has the empty value. */
export interface ReadyMatcher {
  readonly label: string;
  /** The one value that decides, when there is one: nobody has to be asked then but its series. */
  readonly exact: string | undefined;
  readonly test: (value: string) => boolean;
}

/** Patterns of these characters are values, or several with `|` between them. */
const LITERALS = /^[\w\-:/ ,=@%|]*$/;

/**
 * Compiles matchers, each regular expression once. One that RE2 does not take, or that is too long, is refused by its place.
 * @param pointer where the matchers are in the question: a JSON pointer, or `?name` of a query parameter
 */
export function readyMatchers(matchers: readonly Matcher[], pointer = "/matchers"): Outcome<ReadyMatcher[]> {
  const ready: ReadyMatcher[] = [];
  for (const [at, { label, op, value }] of matchers.entries()) {
    switch (op) {
      case "=":
        ready.push({ label, exact: value, test: (candidate) => candidate === value });
        continue;
      case "!=":
        ready.push({ label, exact: value, test: (candidate) => candidate !== value });
        continue;
      case "=~":
      case "!~": {
        const pattern = patternOf(value);
        if (!pattern.ok) {
          // A query parameter has no inside that a pointer could show.
          const inQuery = pointer.startsWith("?");
          const errors = [{ pointer: inQuery ? pointer : `${pointer}/${at}/value`, detail: pattern.detail }];
          return refuse(inQuery ? "invalid-parameter" : "invalid-body", `The matcher on \`${label}\` ${pattern.detail}`, { errors });
        }
        const { test } = pattern;
        ready.push({ label, exact: undefined, test: op === "=~" ? test : (candidate) => !test(candidate) });
      }
    }
  }
  return accept(ready);
}

/** RE2 over the whole value; a dot takes line breaks too, as in Prometheus 3. */
function patternOf(source: string): { ok: true; test: (value: string) => boolean } | { ok: false; detail: string } {
  if (source.length > METRIC_LIMITS.regexChars)
    return { ok: false, detail: `has ${source.length} characters; a regular expression has at most ${METRIC_LIMITS.regexChars}.` };
  if (LITERALS.test(source)) {
    const values = new Set(source.split("|"));
    return { ok: true, test: (value) => values.has(value) };
  }
  try {
    const compiled = RE2JS.compile(source, RE2JS.DOTALL);
    return { ok: true, test: (value) => compiled.testExact(value) };
  } catch (error) {
    // What RE2 does not take is the asker's mistake.
    const why = error instanceof Error ? error.message : "syntax error";
    return { ok: false, detail: `is no regular expression of RE2: ${why}.` };
  }
}
