import fc from "fast-check";
import { TrieRouter } from "hono/router/trie-router";
import { getPath } from "hono/utils/url";
import { describe, expect, it } from "vitest";
import { app } from "../edge.ts";
import { pathOf, Router } from "./router.ts";

const PATTERNS = [
  "GET /",
  "GET /v1/keys",
  "GET /v1/keys/{keyId}",
  "GET /v1/keys/all",
  "POST /v1/keys/{id}/uses",
  "GET /v1/keys/all/uses",
  "GET /v1/keys/{id}/uses/{use}",
  "GET /console/*",
  "GET /console/deep/{a}",
  "GET /p/{slug}/*",
];

/** What the reference finds: the first of all that fit. */
function reference(routes: readonly { method: string; path: string }[]): (method: string, path: string) => unknown {
  const router = new TrieRouter<string>();
  for (const { method, path } of routes) router.add(method, path.replaceAll(/\{(\w+)\}/g, ":$1"), `${method} ${path}`);
  return (method, path) => {
    const [[served, params] = []] = router.match(method, path)[0] as [string, Record<string, string>][]; // nothing else has stashed parameters
    return served === undefined ? undefined : { served, params: { ...params } };
  };
}

function ours(routes: readonly { method: string; path: string }[]): (method: string, path: string) => unknown {
  const router = new Router<string>();
  for (const { method, path } of routes) router.add(method, path, `${method} ${path}`);
  return (method, path) => router.match(method, path);
}

const routesOf = (texts: readonly string[]): { method: string; path: string }[] =>
  texts.map((text) => ({ method: text.split(" ")[0] ?? "", path: text.split(" ")[1] ?? "" }));

describe("the router", () => {
  it("[HT300] finds in any table what Hono's router finds, the first registered where patterns meet", () => {
    const segment = fc.constantFrom("v1", "keys", "all", "uses", "p", "console", "deep", "a b", "x", "");
    const anyPath = fc.array(segment, { minLength: 1, maxLength: 6 }).map((segments) => `/${segments.join("/")}`);
    const fitting = fc
      .tuple(fc.constantFrom(...routesOf(PATTERNS)), segment)
      .map(([{ path }, filling]) => path.replaceAll(/\{\w+\}|\*/g, filling));
    let found = 0;
    fc.assert(
      fc.property(
        fc.shuffledSubarray(PATTERNS, { minLength: 3 }),
        fc.constantFrom("GET", "POST"),
        fc.oneof(anyPath, fitting),
        (texts, method, path) => {
          const expected = reference(routesOf(texts))(method, path);
          expect(ours(routesOf(texts))(method, path)).toEqual(expected);
          if (expected) found++;
        },
      ),
      { numRuns: 2_000, seed: 300 },
    );
    expect(found).toBeGreaterThan(200);
  });

  it("[HT300] finds for every route of the deployment what Hono's router finds", () => {
    const find = ours(app.routes);
    const expected = reference(app.routes);
    for (const { method, path } of app.routes)
      for (const filled of [
        path.replaceAll(/\{\w+\}/g, "x1"),
        `${path.replaceAll(/\{\w+\}/g, "all")}/`,
        path.replaceAll(/\{\w+\}/g, ""),
        path,
      ])
        expect([filled, find(method, filled)]).toEqual([filled, expected(method, filled)]);
  });

  it("[HT300] gives names what stands there, decoded, and keeps what is no escape", () => {
    const router = new Router<number>();
    router.add("GET", "/v1/{a}/x/{b}", 1);
    expect(router.match("GET", "/v1/p%2Fq/x/%E4")).toEqual({ served: 1, params: { a: "p/q", b: "%E4" } });
    expect(router.match("GET", "/v1//x/b")).toBeUndefined();
    expect(router.match("POST", "/v1/a/x/b")).toBeUndefined();
  });

  it("[HT300] reads a path as Hono does", () => {
    const part = fc.constantFrom("/", "a", "%2F", "%25", "%C3%A4", "%zz", ".", "..", "?", "#", "=", ";", "\\", "ä");
    fc.assert(
      fc.property(
        fc.constantFrom("http://h", "https://h.example:8080", "http://[::1]:80"),
        fc.array(part, { maxLength: 8 }),
        (origin, parts) => {
          const url = `${origin}/${parts.join("")}`;
          expect(pathOf(url)).toBe(getPath({ url } as Request)); // it looks at nothing else
        },
      ),
      { numRuns: 2_000, seed: 300 },
    );
  });
});
