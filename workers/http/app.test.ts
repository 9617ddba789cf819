import { z } from "@hono/zod-openapi";
import { describe, expect, it } from "vitest";
import { accept } from "../../contract/problems.ts";
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
});
