import { z } from "@hono/zod-openapi";
import { describe, expect, it } from "vitest";
import { accept } from "../../contract/problems.ts";
import { pageQuerySchema } from "../../contract/pages.ts";
import { DEFAULT_BODY_BYTES, route } from "./define-route.ts";
import { MAX_JSON_DEPTH } from "./json.ts";
import { MAX_FIELD_ERRORS } from "./problem.ts";
import { type ProblemBody, testApp } from "./testing.ts";

const shape = z.strictObject({
  name: z.string().min(2).max(5),
  count: z.number().int().min(1).max(9),
  kind: z.enum(["a", "b"]),
  tags: z.array(z.string()).max(2).optional(),
  deep: z.record(z.string(), z.object({ ok: z.boolean() })).optional(),
  either: z.union([z.string(), z.object({ url: z.string() })]).optional(),
  open: z.unknown().optional(),
  at: z.iso.datetime({ offset: true }).optional(),
  mail: z.email().optional(),
  step: z.number().multipleOf(5).optional(),
  code: z.string().regex(/^x/, "must begin with x").optional(),
});

function form() {
  const { app, call } = testApp();
  const spec = {
    method: "post",
    path: "/v1/forms/{formId}",
    action: "open",
    tag: "test",
    summary: "a form",
    params: z.object({ formId: z.string().max(3) }),
    query: pageQuerySchema,
    body: shape,
    answer: { status: 200, schema: z.object({ limit: z.number() }) },
  } as const;
  route(app, spec, async ({ query }) => accept({ limit: query.limit }));
  return async (body: BodyInit, path = "/v1/forms/x") => {
    const response = await call(path, { method: "POST", headers: { "content-type": "application/json" }, body });
    return { status: response.status, body: await response.json<ProblemBody>() };
  };
}

const GOOD = { name: "abc", count: 3, kind: "a" };

describe("field errors", () => {
  it.each([
    [{ ...GOOD, name: "a" }, "/name", "at least 2 characters"],
    [{ ...GOOD, name: "abcdef" }, "/name", "at most 5 characters"],
    [{ ...GOOD, count: 0 }, "/count", "at least 1"],
    [{ ...GOOD, count: 1.5 }, "/count", "Send an integer"],
    [{ ...GOOD, count: "3" }, "/count", "Send a number"],
    [{ ...GOOD, kind: "c" }, "/kind", "one of: a, b"],
    [{ ...GOOD, tags: ["1", "2", "3"] }, "/tags", "at most 2 items"],
    [{ ...GOOD, tags: ["1", 2] }, "/tags/1", "Send a string"],
    [{ ...GOOD, deep: { "a/b~c": { ok: 1 } } }, "/deep/a~1b~0c/ok", "Send a boolean"],
    [{ ...GOOD, either: { url: 1 } }, "/either/url", "Send a string"],
    [{ ...GOOD, at: "today" }, "/at", "2026-01-31T12:00:00Z"],
    [{ ...GOOD, mail: "nobody" }, "/mail", "an email address"],
    [{ ...GOOD, step: 7 }, "/step", "a multiple of 5"],
    [{ ...GOOD, code: "y" }, "/code", "must begin with x"],
    [{ ...GOOD, extra: 1 }, "/extra", "remove it"],
    [{ ...GOOD, kind: undefined }, "/kind", "This field is needed: send one of: a, b"],
    [{ ...GOOD, count: undefined }, "/count", "This field is needed"],
    [[], "", "Send an object"],
    [null, "", "Send an object"],
  ])("[HT9] %j points at %j and says the way out", async (body, pointer, wayOut) => {
    const answer = await form()(JSON.stringify(body));
    expect([answer.status, answer.body.type]).toEqual([400, "/problems/invalid-body"]);
    expect(answer.body.errors?.[0]?.pointer).toBe(pointer);
    expect(answer.body.errors?.[0]?.detail).toContain(wayOut);
  });

  it("[HT9] points at query and path parameters by name", async () => {
    const query = await form()(JSON.stringify(GOOD), "/v1/forms/x?limit=0");
    expect(query.body).toMatchObject({ type: "/problems/invalid-parameter", errors: [{ pointer: "?limit" }] });
    const twice = await form()(JSON.stringify(GOOD), "/v1/forms/x?cursor=a&cursor=b");
    expect(twice.body.errors).toMatchObject([{ pointer: "?cursor" }]);
    const path = await form()(JSON.stringify(GOOD), "/v1/forms/long");
    expect(path.body.errors).toMatchObject([{ pointer: "{formId}" }]);
  });

  it("[HT9] names at most twenty fields", async () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`x${i}`, 1]));
    expect((await form()(JSON.stringify({ ...GOOD, ...many }))).body.errors).toHaveLength(MAX_FIELD_ERRORS);
  });
});

describe("bodies that are no JSON", () => {
  it("[HT12] says where the text breaks, as position, line and column", async () => {
    const answer = await form()('{\n  "name": "abc",\n  "count": 3,,\n  "kind": "a"\n}');
    expect([answer.status, answer.body.type]).toEqual([400, "/problems/bad-request"]);
    expect(answer.body.detail).toContain("position 32 (line 3, column 14)");
  });

  it.each([
    ["{", "ends too early"],
    ["nonsense", "not JSON"],
    ["", "empty"],
    ["   ", "empty"],
  ])("[HT12] %j is refused and never quoted", async (text, word) => {
    const answer = await form()(text);
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toContain(word);
    expect(answer.body.detail).not.toContain("nonsense");
  });

  it("[HT12] refuses bytes that are not UTF-8", async () => {
    const answer = await form()(Uint8Array.of(0x7b, 0xff, 0x7d));
    expect(answer.body.type).toBe("/problems/invalid-encoding");
  });

  it("[HT12] takes documents nested to the limit, and refuses one level more", async () => {
    const nested = (levels: number) =>
      JSON.stringify({ ...GOOD, open: 0 }).replace('"open":0', `"open":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}`);
    expect((await form()(nested(MAX_JSON_DEPTH))).status).toBe(200);
    const over = await form()(nested(MAX_JSON_DEPTH + 1));
    expect(over.body.detail).toContain("nested deeper");
    expect((await form()("[".repeat(100_000))).status).toBe(400);
    expect((await form()(JSON.stringify({ ...GOOD, open: "[".repeat(100) }))).status).toBe(200);
  });

  it("[HT13] takes a JSON body of the default limit, and refuses one byte more with 413", async () => {
    const padded = (bytes: number) => {
      const text = JSON.stringify({ ...GOOD, open: "" });
      return text.replace('"open":""', `"open":"${"x".repeat(bytes - text.length)}"`);
    };
    expect((await form()(padded(DEFAULT_BODY_BYTES))).status).toBe(200);
    const over = await form()(padded(DEFAULT_BODY_BYTES + 1));
    expect([over.status, over.body.type]).toEqual([413, "/problems/payload-too-large"]);
  });
});
