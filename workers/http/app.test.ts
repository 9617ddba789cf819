import { z } from "@hono/zod-openapi";
import { describe, expect, it } from "vitest";
import { accept } from "../../contract/problems.ts";
import { DataAnswer } from "./answer.ts";
import { route } from "./define-route.ts";
import { type ProblemBody, testApp } from "./testing.ts";

describe("the request path", () => {
  it("[HT1] runs a handler with everything parsed and answers in JSON", async () => {
    const { app, call } = testApp();
    const spec = {
      method: "post",
      path: "/v1/things/{thingId}",
      action: "open",
      tag: "test",
      summary: "a thing",
      params: z.object({ thingId: z.string() }),
      query: z.object({ loud: z.coerce.boolean().optional() }),
      body: z.strictObject({ n: z.number() }),
      answer: { status: 201, schema: z.object({ id: z.string(), n: z.number() }) },
    } as const;
    route(app, spec, async ({ params, body }) => accept({ id: params.thingId, n: body.n }));
    const response = await call("/v1/things/a%2Fb?loud=1", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"n":2}',
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ id: "a/b", n: 2 });
    const bad = await call("/v1/things/a", { method: "POST", headers: { "content-type": "application/json" }, body: '{"n":"2","x":1}' });
    expect(await bad.json<ProblemBody>()).toMatchObject({ status: 400, errors: [{ pointer: "/n" }, { pointer: "/x" }] });
  });

  it("[HT305] gives JSON that is kept as data the headers of any other answer", async () => {
    const { app, call } = testApp();
    const spec = {
      method: "get",
      action: "open",
      tag: "test",
      summary: "x",
      answer: { status: 200, schema: z.object({ n: z.number() }) },
    } as const;
    const own = { "cache-control": "private, no-cache", vary: "Cookie", etag: '"v1"' };
    route(app, { ...spec, path: "/v1/value" }, async () => accept({ n: 1 }));
    route(app, { ...spec, path: "/v1/response" }, async () => Response.json({ n: 1 }));
    route(app, { ...spec, path: "/v1/data" }, async () => new DataAnswer('{"n":1}', 200, own));
    route(app, { ...spec, path: "/v1/other" }, async () => Response.json({ n: 1 }, { headers: own }));
    route(app, { ...spec, path: "/v1/not-modified" }, async () => new DataAnswer(null, 304, own));
    const headersOf = async (path: string, method = "GET") => {
      const answer = await call(path, {
        method,
        headers: { "x-request-id": "r", traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01` },
      });
      const { traceparent, ...rest } = Object.fromEntries(answer.headers);
      expect(traceparent).toMatch(/^00-1{32}-[0-9a-f]{16}-01$/);
      return { ...rest, status: answer.status, body: await answer.text() };
    };
    expect(await headersOf("/v1/value")).toEqual(await headersOf("/v1/response"));
    expect(await headersOf("/v1/data")).toEqual(await headersOf("/v1/other"));
    expect(await headersOf("/v1/data", "HEAD")).toEqual({ ...(await headersOf("/v1/other")), body: "" });
    expect(await headersOf("/v1/not-modified")).toEqual({ ...(await headersOf("/v1/other")), status: 304, body: "" });
    expect(await headersOf("/v1/value")).toMatchObject({ "strict-transport-security": "max-age=31536000", vary: "Origin" });
    const plain = await call("http://localhost/v1/value");
    expect(plain.headers.has("strict-transport-security")).toBe(false);
    const first = await call("/v1/data");
    first.headers.set("x-frame-options", "changed");
    expect((await call("/v1/data")).headers.get("x-frame-options")).toBe("DENY");
  });
});
