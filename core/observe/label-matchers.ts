import { plainMetric } from "../../contract/metric-key.ts";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import type { Matcher } from "../../contract/metric-query.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { compileRe2 } from "../text/re2/re2.ts";
import type { LabelIndex, Within } from "./label-index.ts";

/** A matcher that is ready to be asked. An absent label has the empty value. */
export interface ReadyMatcher {
  readonly label: string;
  /** The one value that decides, when there is one: nobody has to be asked then but its series. */
  readonly exact: string | undefined;
  readonly test: (value: string) => boolean;
}

/** What regular expressions may still do for one question: an instruction is asked of a character at worst, and none of it can be interrupted. */
interface Steps {
  left: number;
}

/** The expressions of a question have looked at more than they may. */
class TooManySteps extends Error {}

/** Patterns of these characters are values, or several with `|` between them. */
const LITERALS = /^[\w\-:/ ,=@%|]*$/;

/**
 * Compiles matchers, each regular expression once. One that RE2 does not take, or that is too long, is refused by its place.
 * @param pointer where the matchers are in the question: a JSON pointer, or `?name` of a query parameter
 */
export function readyMatchers(matchers: readonly Matcher[], pointer = "/matchers"): Outcome<ReadyMatcher[]> {
  const ready: ReadyMatcher[] = [];
  const steps: Steps = { left: METRIC_LIMITS.regexSteps };
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
        const pattern = patternOf(value, steps);
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

/**
 * Slots of the series that match. What {@link readyMatchers} refuses is refused, and expressions that would take too long over the values
 * that there are.
 */
export function matchSlots(
  index: LabelIndex,
  metric: string | undefined,
  matchers: readonly Matcher[],
  pointer?: string,
): Outcome<number[]> {
  const within = selectSlots(index, metric, matchers, pointer);
  return within.ok ? accept(index.slotsOf(within.value)) : within;
}

/** The same, and only the metric where that is all. */
export function selectSlots(
  index: LabelIndex,
  metric: string | undefined,
  matchers: readonly Matcher[],
  pointer?: string,
): Outcome<Within> {
  const ready = readyMatchers(matchers, pointer);
  if (!ready.ok) return ready;
  try {
    return accept(index.select(metric === undefined ? undefined : plainMetric(metric), ready.value));
  } catch (error) {
    if (!(error instanceof TooManySteps)) throw error;
    const detail = "The regular expressions would be asked of too many values. Shorten them, or add a matcher with `=` on another label.";
    return refuse(pointer?.startsWith("?") ? "invalid-parameter" : "invalid-body", detail, {
      errors: [{ pointer: pointer ?? "/matchers", detail }],
    });
  }
}

/** RE2 over the whole value; a dot takes line breaks too, as in Prometheus 3. */
function patternOf(source: string, steps: Steps): { ok: true; test: (value: string) => boolean } | { ok: false; detail: string } {
  if (source.length > METRIC_LIMITS.regexChars)
    return { ok: false, detail: `has ${source.length} characters; a regular expression has at most ${METRIC_LIMITS.regexChars}.` };
  if (LITERALS.test(source)) {
    const values = new Set(source.split("|"));
    return { ok: true, test: (value) => values.has(value) };
  }
  try {
    const compiled = compileRe2(source, true);
    const { size } = compiled;
    if (size > METRIC_LIMITS.regexInstructions)
      return { ok: false, detail: `repeats too much: it comes to ${size} instructions, at most ${METRIC_LIMITS.regexInstructions}.` };
    const test = (value: string): boolean => {
      steps.left -= size * (value.length + 1);
      if (steps.left < 0) throw new TooManySteps();
      return compiled.test(value);
    };
    return { ok: true, test };
  } catch (error) {
    // What RE2 does not take is the asker's mistake.
    const why = error instanceof Error ? error.message : "syntax error";
    return { ok: false, detail: `is no regular expression of RE2: ${why}.` };
  }
}
