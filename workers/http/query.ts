import type { z } from "@hono/zod-openapi";
import { type Outcome, accept, refuse } from "../../contract/problems.ts";
import { fieldErrors, ownProblem } from "./field-errors.ts";

/** Parses a query string. A name that comes twice is a list; where the schema wants one value, that is refused like any wrong value. */
export function readQuery<T extends z.ZodObject>(schema: T, search: URLSearchParams): Outcome<z.output<T>> {
  const values: Record<string, string | string[]> = Object.create(null) as Record<string, never>; // no prototype: any name may come
  for (const name of new Set(search.keys())) {
    const all = search.getAll(name);
    values[name] = all.length === 1 ? (all[0] ?? "") : all;
  }
  const result = schema.safeParse(values);
  if (result.success) return accept(result.data);
  return refuse(ownProblem(result.error) ?? "invalid-parameter", "Change the query parameters listed in `errors`.", {
    errors: fieldErrors(result.error, "query", values),
  });
}
