import { z } from "@hono/zod-openapi";
import { describe, expect, it } from "vitest";
import { accept } from "../../contract/problems.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import { route } from "./define-route.ts";
import { etagOf, hasAlready, ifMatchVersion } from "./etag.ts";
import { IDEMPOTENCY_LIMITS, parseIdempotencyKey } from "./idempotency-key.ts";
import { testApp } from "./testing.ts";

const JSON_TYPE = { "content-type": "application/json" };

describe("Idempotency-Key", () => {
  it.each([
    ['"8e03978e-40d5"', "8e03978e-40d5"],
    ["8e03978e-40d5", "8e03978e-40d5"],
    ['"with space"', "with space"],
    ['"a \\"quote\\" and \\\\"', 'a "quote" and \\'],
    ["k".repeat(IDEMPOTENCY_LIMITS.keyChars), "k".repeat(IDEMPOTENCY_LIMITS.keyChars)],
    ["k".repeat(IDEMPOTENCY_LIMITS.keyChars + 1), undefined],
    [`"${"k".repeat(IDEMPOTENCY_LIMITS.keyChars + 1)}"`, undefined],
    ["", undefined],
    ['""', undefined],
    ["two words", undefined],
    ['"open', undefined],
    ['"a" "b"', undefined],
    ["ü", undefined],
  ])("[HT36] reads %s", (header, key) => {
    const parsed = parseIdempotencyKey(header);
    expect(parsed.ok ? parsed.value : undefined).toBe(key);
  });

  function recorder() {
    const { app, call } = testApp();
    const metas: CallMeta[] = [];
    const spec = {
      action: "open",
      tag: "test",
      summary: "a thing",
      params: z.object({ id: z.string() }),
      path: "/v1/things/{id}",
    } as const;
    route(app, { ...spec, method: "post", body: z.object({}), answer: { status: 204 } }, async ({ meta }) => {
      metas.push(meta);
      return accept(undefined);
    });
    route(app, { ...spec, method: "get", answer: { status: 204 } }, async ({ meta }) => {
      metas.push(meta);
      return accept(undefined);
    });
    const post = async (path: string, body: string, key = "k1") => {
      const response = await call(path, { method: "POST", headers: { ...JSON_TYPE, "idempotency-key": key }, body });
      return { status: response.status, idempotency: metas.at(-1)?.idempotency };
    };
    return { call, post, metas };
  }

  it("[HT36] tells objects key, route and a hash over target and body", async () => {
    const { post } = recorder();
    const first = (await post("/v1/things/a", '{"n":1}')).idempotency;
    expect(first).toMatchObject({ key: "k1", route: "POST /v1/things/{id}", bodyHash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect((await post("/v1/things/a", '{"n":1}')).idempotency).toEqual(first);
    expect((await post("/v1/things/a", '{"n":2}')).idempotency?.bodyHash).not.toBe(first?.bodyHash);
    expect((await post("/v1/things/b", '{"n":1}')).idempotency?.bodyHash).not.toBe(first?.bodyHash);
    expect((await post("/v1/things/a?dry=1", '{"n":1}')).idempotency?.bodyHash).not.toBe(first?.bodyHash);
  });

  it("[HT36] refuses a bad key before the handler runs, and ignores one on safe methods", async () => {
    const { post, call, metas } = recorder();
    expect((await post("/v1/things/a", "{}", "two words")).status).toBe(400);
    expect(metas).toEqual([]);
    await call("/v1/things/a", { headers: { "idempotency-key": "k1" } });
    expect(metas[0]).not.toHaveProperty("idempotency");
  });
});

describe("ETag and If-Match", () => {
  const request = (headers: HeadersInit) => new Request("https://meridian.test/", { headers });

  it.each([
    [{ "if-match": '"v7"' }, 7],
    [{ "if-match": ' "v0" ' }, 0],
    [{ "if-match": "*" }, undefined],
    [{}, undefined],
  ])("[HT37] %j demands version %s", (headers, version) => {
    expect(ifMatchVersion(request(headers))).toEqual(accept(version));
  });

  it.each(['W/"v7"', '"7"', "v7", '"v7", "v8"', ""])("[HT37] If-Match %s matches nothing of ours", (tag) => {
    expect(ifMatchVersion(request({ "if-match": tag }))).toMatchObject({ ok: false, problem: { slug: "precondition-failed" } });
  });

  it.each([
    ['"v7"', true],
    ['"v6", W/"v7"', true],
    ["*", true],
    ['"v8"', false],
  ])("[HT37] If-None-Match %s: already there is %s", (tag, already) => {
    expect(hasAlready(request({ "if-none-match": tag }), etagOf(7))).toBe(already);
    expect(hasAlready(request({}), etagOf(7))).toBe(false);
  });
});
