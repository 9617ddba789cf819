import { z } from "@hono/zod-openapi";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { queryReader } from "./query.ts";

const schema = z.object({ n: z.coerce.number().int().optional(), tag: z.union([z.string(), z.array(z.string())]).optional(), "?x": z.string().optional() }); // prettier-ignore

describe("a query string", () => {
  it("[HT302] reads the same as through the URL parser, first and again", () => {
    const read = queryReader(schema);
    const part = fc.constantFrom(
      "n=1",
      "n=x",
      "tag=a",
      "tag=b%20c",
      "tag=+",
      "&",
      "&",
      "?",
      "?x=1",
      "#",
      "=",
      "tag=ä",
      "%zz",
      "tag=a b",
      "\t",
    );
    let good = 0;
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const url = `http://h.example/v1/x${parts.length > 0 ? "?" : ""}${parts.join("")}`;
        const { searchParams } = new URL(url);
        const values = Object.fromEntries(
          [...new Set(searchParams.keys())].map((name) => {
            const all = searchParams.getAll(name);
            return [name, all.length === 1 ? all[0] : all];
          }),
        );
        const expected = schema.safeParse(values);
        for (const result of [read(url), read(url)]) {
          expect([url, result.ok]).toEqual([url, expected.success]);
          if (result.ok) expect([url, result.value]).toEqual([url, expected.data]);
        }
        if (expected.success && parts.length > 0) good++;
      }),
      { numRuns: 2_000, seed: 302 },
    );
    expect(good).toBeGreaterThan(200);
  });

  it("[HT302] is refused anew each time, with what to change", () => {
    const read = queryReader(schema);
    for (const _again of [1, 2]) {
      const refused = read("http://h.example/?n=x");
      expect(refused.ok ? undefined : refused.problem.errors?.[0]?.pointer).toBe("?n");
    }
  });

  it("[HT302] that is remembered cannot be changed by one request for the next", () => {
    const read = queryReader(schema);
    const first = read("http://h.example/?tag=a&tag=b");
    expect(first.ok && Object.isFrozen(first.value) && Object.isFrozen(first.value.tag)).toBe(true);
    expect(read("http://h.example/?tag=a&tag=b")).toBe(first);
  });

  it("[HT302] is remembered for a few texts of ordinary length only", () => {
    const read = queryReader(schema);
    const first = read("http://h.example/?tag=first");
    for (let n = 0; n < 30; n++) read(`http://h.example/?n=${n}`);
    expect(read("http://h.example/?tag=first")).not.toBe(first);
    const atLimit = `http://h.example/?tag=${"x".repeat(96)}`;
    expect(read(atLimit)).toBe(read(atLimit));
    expect(read(`${atLimit}x`)).not.toBe(read(`${atLimit}x`));
  });
});
