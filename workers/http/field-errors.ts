import type { z } from "@hono/zod-openapi";
import type { FieldError } from "../../contract/problems.ts";

type Issue = z.core.$ZodIssue;

/** Where a value came from; decides how an error points at it. */
export type FieldSource = "body" | "query" | "path";

/** One entry per thing to fix, with the way out. Pointers as {@link FieldError} says. */
export function fieldErrors(error: z.ZodError, source: FieldSource): FieldError[] {
  return error.issues.flatMap((issue) => flatten(issue, [])).map(({ path, detail }) => ({ pointer: pointerOf(path, source), detail }));
}

interface Flat {
  readonly path: readonly PropertyKey[];
  readonly detail: string;
}

function flatten(issue: Issue, above: readonly PropertyKey[]): Flat[] {
  const path = [...above, ...issue.path];
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({ path: [...path, key], detail: "This field is not known here: remove it." }));
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    // The branch with the fewest complaints is the one that was meant.
    const meant = issue.errors.reduce((best, branch) => (branch.length < best.length ? branch : best));
    if (meant.length > 0) return meant.flatMap((inner) => flatten(inner, path));
  }
  return [{ path, detail: detailOf(issue) }];
}

function detailOf(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return "input" in issue && issue.input === undefined
        ? `This field is needed: send ${article(issue.expected)}.`
        : `Send ${article(issue.expected)} here.`;
    case "too_small":
      return `Send ${unit(issue.origin, issue.minimum, issue.inclusive === false ? "more than" : "at least")}.`;
    case "too_big":
      return `Send ${unit(issue.origin, issue.maximum, issue.inclusive === false ? "less than" : "at most")}.`;
    case "invalid_value":
      return `Send one of: ${issue.values.map(String).join(", ")}.`;
    default:
      return `${issue.message}.`;
  }
}

function article(expected: string): string {
  const word = expected === "int" ? "integer" : expected;
  return /^[aeiou]/.test(word) ? `an ${word}` : `a ${word}`;
}

function unit(origin: string, limit: number | bigint, bound: string): string {
  if (origin === "string") return `${bound} ${limit} characters`;
  if (origin === "array" || origin === "set") return `${bound} ${limit} items`;
  return `${bound} ${limit}`;
}

function pointerOf(path: readonly PropertyKey[], source: FieldSource): string {
  const [first] = path;
  if (source === "query") return `?${String(first ?? "")}`;
  if (source === "path") return `{${String(first ?? "")}}`;
  // RFC 6901: `~` and `/` within a name are escaped; the empty pointer is the whole document.
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
