import type { z } from "@hono/zod-openapi";
import { type FieldError, PROBLEMS, type ProblemSlug } from "../../contract/problems.ts";

type Issue = z.core.$ZodIssue;

/** Where a value came from; decides how an error points at it. */
export type FieldSource = "body" | "query" | "path";

/**
 * One entry per thing to fix, with the way out. Pointers as {@link FieldError} says.
 * @param value what was parsed: zod does not say whether a field was missing or of another type
 */
export function fieldErrors(error: z.ZodError, source: FieldSource, value: unknown): FieldError[] {
  return error.issues
    .flatMap((issue) => flatten(issue, [], value))
    .map(({ path, detail }) => ({ pointer: pointerOf(path, source), detail }));
}

/**
 * The problem that a schema says itself (`asProblem` in the contract), where that is all there is to complain about.
 * @param value what was parsed
 */
export function ownProblem({ issues }: z.ZodError, value: unknown): ProblemSlug | undefined {
  const leaves = issues.flatMap((issue) => leavesOf(issue, [], value));
  const [slug, ...others] = new Set(leaves.map((issue) => (issue.code === "custom" ? (issue.params?.["problem"] as unknown) : undefined)));
  return others.length === 0 && typeof slug === "string" && Object.hasOwn(PROBLEMS, slug) ? (slug as ProblemSlug) : undefined; // just looked up
}

/** Of a union the complaints of the branch that the sender meant. */
function leavesOf(issue: Issue, above: readonly PropertyKey[], value: unknown): Issue[] {
  const path = [...above, ...issue.path];
  const meant = issue.code === "invalid_union" ? meantBranch(issue.errors, at(value, path)) : undefined;
  return meant ? meant.flatMap((inner) => leavesOf(inner, path, value)) : [issue];
}

interface Flat {
  readonly path: readonly PropertyKey[];
  readonly detail: string;
}

function flatten(issue: Issue, above: readonly PropertyKey[], value: unknown): Flat[] {
  const path = [...above, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: [...path, key], detail: "This field is not known here: remove it." }));
  }
  const meant = issue.code === "invalid_union" ? meantBranch(issue.errors, at(value, path)) : undefined;
  if (meant) return meant.flatMap((inner) => flatten(inner, path, value));
  return [{ path, detail: detailOf(issue, at(value, path) === undefined) }];
}

/**
 * The branch of a union that the sender meant: the one that complains only below its top, then the one whose fields were sent and no others,
 * then the one with the fewest complaints.
 */
function meantBranch(branches: readonly (readonly Issue[])[], value: unknown): readonly Issue[] | undefined {
  const isOfAnother = (issue: Issue) =>
    issue.code === "unrecognized_keys" || (issue.path.length === 1 && at(value, issue.path) === undefined);
  const cost = (branch: readonly Issue[]) =>
    branch.reduce(
      (sum, issue) => sum + 1 + (issue.path.length === 0 && issue.code !== "unrecognized_keys" ? 10_000 : isOfAnother(issue) ? 100 : 0),
      0,
    );
  return branches.filter((branch) => branch.length > 0).toSorted((a, b) => cost(a) - cost(b))[0];
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let inner = value;
  for (const part of path) {
    if (typeof inner !== "object" || inner === null) return undefined;
    inner = Reflect.get(inner, part);
  }
  return inner;
}

function detailOf(issue: Issue, missing: boolean): string {
  switch (issue.code) {
    case "invalid_type":
      return missing ? `This field is needed: send ${article(issue.expected)}.` : `Send ${article(issue.expected)} here.`;
    case "too_small":
      return `Send ${unit(issue.origin, issue.minimum, issue.inclusive === false ? "more than" : "at least")}.`;
    case "too_big":
      return `Send ${unit(issue.origin, issue.maximum, issue.inclusive === false ? "less than" : "at most")}.`;
    case "invalid_value":
      return `${missing ? "This field is needed: send" : "Send"} one of: ${issue.values.map(String).join(", ")}.`;
    case "not_multiple_of":
      return `Send a multiple of ${issue.divisor}.`;
    case "invalid_format":
      return FORMATS[issue.format] ?? `${issue.message}.`;
    case "invalid_key":
    case "invalid_element":
    case "invalid_union":
    case "unrecognized_keys":
    case "custom":
      return `${issue.message}.`;
  }
}

/** What zod calls by a format's name, as a person would ask for it. */
const FORMATS: Readonly<Record<string, string>> = {
  datetime: "Send an RFC 3339 time such as 2026-01-31T12:00:00Z.",
  email: "Send an email address.",
  url: "Send an absolute URL.",
  uuid: "Send a UUID.",
};

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
