import type { z } from "@hono/zod-openapi";
import { type Outcome, accept, refuse } from "../../contract/problems.ts";
import { fieldErrors, ownProblem } from "./field-errors.ts";
import { Lru } from "./lru.ts";

/** What one route remembers of query strings: pages of an app ask with the same few. */
const REMEMBERED = { texts: 30, chars: 100 } as const;

/** A query string whose parser changes nothing in it: visible ASCII, and no second question mark, which would be part of a name. */
const PLAIN = /^[^?#]*(?:\?(?!\?)([!"$-~]*))?$/;

/**
 * Reads the query string of a URL. A name that comes twice is a list; where the schema wants one value, that is refused like any wrong value.
 * What was good before is good again and the same frozen value: the schema may depend on nothing but the text.
 */
export function queryReader<T extends z.ZodObject>(schema: T): (url: string) => Outcome<z.output<T>> {
  const good = new Lru<Outcome<z.output<T>>>(REMEMBERED.texts);
  return (url) => {
    const plain = PLAIN.exec(url);
    const text = plain ? (plain[1] ?? "") : undefined;
    const known = text === undefined ? undefined : good.get(text, 0);
    if (known) return known;
    const read = readQuery(schema, text === undefined ? new URL(url).searchParams : new URLSearchParams(text));
    if (read.ok && text !== undefined && text.length <= REMEMBERED.chars) {
      freeze(read.value);
      good.set(text, read, Number.POSITIVE_INFINITY);
    }
    return read;
  };
}

function readQuery<T extends z.ZodObject>(schema: T, search: URLSearchParams): Outcome<z.output<T>> {
  const values: Record<string, string | string[]> = Object.create(null) as Record<string, never>; // no prototype: any name may come
  for (const name of new Set(search.keys())) {
    const all = search.getAll(name);
    values[name] = all.length === 1 ? (all[0] ?? "") : all;
  }
  const result = schema.safeParse(values);
  if (result.success) return accept(result.data);
  return refuse(ownProblem(result.error, values) ?? "invalid-parameter", "Change the query parameters listed in `errors`.", {
    errors: fieldErrors(result.error, "query", values),
  });
}

function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
}
