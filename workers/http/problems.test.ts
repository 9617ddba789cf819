import { z } from "@hono/zod-openapi";
import { describe, expect, it } from "vitest";
import { PROBLEMS, accept, refuse } from "../../contract/problems.ts";
import { setRateLimit } from "./rate-limit-headers.ts";
import { etagOf } from "./etag.ts";
import { route } from "./define-route.ts";
import { type ProblemBody, testApp } from "./testing.ts";

const open = { action: "open", tag: "test", summary: "a test" } as const;

function things() {
  const made = testApp();
  const { app } = made;
  route(app, { ...open, method: "get", path: "/v1/things", answer: { status: 200, schema: z.array(z.string()) } }, async () =>
    accept(["a"]),
  );
  route(app, { ...open, method: "post", path: "/v1/things", body: z.object({}), answer: { status: 204 } }, async () => accept(undefined));
  route(app, { ...open, method: "get", path: "/v1/faults", answer: { status: 200 } }, async () => {
    throw new Error("SELECT secret FROM tenants");
  });
  route(app, { ...open, method: "get", path: "/v1/overloads", answer: { status: 200 } }, async () => {
    throw Object.assign(new Error("Durable Object is overloaded"), { overloaded: true });
  });
  route(app, { ...open, method: "get", path: "/v1/restarts", answer: { status: 200 } }, async () => {
    throw Object.assign(new Error("Network connection lost"), { retryable: true });
  });
  const foreign = { ...open, method: "get", path: "/foreign/{what}", answer: { status: 200, mediaType: "text/plain" } } as const;
  const renderProblem = (problem: { slug: keyof typeof PROBLEMS }) =>
    new Response(`error=${problem.slug}`, { status: PROBLEMS[problem.slug].status });
  route(app, { ...foreign, renderProblem }, async ({ request }) => {
    if (request.url.endsWith("/throw")) throw new Error("no");
    return refuse("conflict", "no");
  });
  return made;
}

describe("failures of the request path", () => {
  it.each(["/v1/none", "/unknown", "/", "/v1/things/", "/%ff", "/v1//things"])("[HT4] %s is a 404 problem", async (path) => {
    const response = await things().call(path);
    expect([response.status, response.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
    const body = await response.json<ProblemBody>();
    expect(body).toMatchObject({ type: "/problems/not-found", status: 404, title: PROBLEMS["not-found"].title });
    expect(body.requestId).toBe(response.headers.get("x-request-id"));
    expect(body.detail).toContain("/docs");
  });

  it.each(["DELETE", "PUT", "PROPFIND"])("[HT5] %s on a known path is a 405 with Allow from the route table", async (method) => {
    const response = await things().call("/v1/things", { method });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS, POST"]);
    expect((await response.json<ProblemBody>()).type).toBe("/problems/method-not-allowed");
  });

  it("[HT6] a plain OPTIONS tells what is allowed", async () => {
    const response = await things().call("/v1/things", { method: "OPTIONS" });
    expect([response.status, response.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS, POST"]);
    expect((await things().call("/v1/none", { method: "OPTIONS" })).status).toBe(404);
  });

  it("[HT6] HEAD is GET without its body", async () => {
    const response = await things().call("/v1/things", { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(response.headers.get("content-type")).toContain("application/json");
    expect((await things().call("/v1/none", { method: "HEAD" })).status).toBe(404);
  });

  it.each([
    ["text/html", 406],
    ["application/json;q=0", 406],
    ["*/*, application/json;q=0", 406],
    ["application/json;q=0.1", 200],
    ["application/*", 200],
    ["text/html, */*;q=0.1", 200],
    ["", 200],
  ])("[HT7] Accept: %s gets %i", async (header, status) => {
    expect((await things().call("/v1/things", { headers: { accept: header } })).status).toBe(status);
  });

  it.each([
    ["text/plain", 415],
    ["application/jsonp", 415],
    ["application/x-www-form-urlencoded", 415],
    ["application/json; charset=utf-8", 204],
    ["application/merge-patch+json", 204],
    ["APPLICATION/JSON", 204],
  ])("[HT8] Content-Type: %s gets %i", async (type, status) => {
    const response = await things().call("/v1/things", { method: "POST", headers: { "content-type": type }, body: "{}" });
    expect(response.status).toBe(status);
  });

  it("[HT8] a body without Content-Type gets 415 and hears what to send", async () => {
    const response = await things().call("/v1/things", { method: "POST", body: new TextEncoder().encode("{}") });
    expect(response.status).toBe(415);
    expect((await response.json<ProblemBody>()).detail).toContain("application/json");
  });

  it("[HT10] a thrown error is 500 without a word of its cause, which is in the log", async () => {
    const { call, lines } = things();
    const response = await call("/v1/faults");
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).toContain("/problems/internal");
    expect(text).not.toMatch(/SELECT|secret|\.ts|at /);
    const line = lines.find(({ event }) => event === "thrown");
    expect(line).toMatchObject({ requestId: response.headers.get("x-request-id"), error: { message: "SELECT secret FROM tenants" } });
  });

  it.each(["/v1/overloads", "/v1/restarts"])("[HT10] %s: an object that cannot be reached is 503 with Retry-After", async (path) => {
    const response = await things().call(path);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
  });

  it("[HT11] a foreign protocol answers every failure in its own shape", async () => {
    const { call } = things();
    expect(await (await call("/foreign/x")).text()).toBe("error=conflict");
    expect(await (await call("/foreign/throw")).text()).toBe("error=internal");
    expect(await (await call("/foreign/x", { headers: { accept: "image/png" } })).text()).toBe("error=not-acceptable");
    const wrongMethod = await call("/foreign/x", { method: "POST" });
    expect([await wrongMethod.text(), wrongMethod.headers.get("allow")]).toEqual(["error=method-not-allowed", "GET, HEAD, OPTIONS"]);
  });

  it("[HT38] headers that a handler sets come with the answer; a refusal keeps only the limiter's", async () => {
    const { app, call } = testApp();
    const spec = {
      ...open,
      method: "get",
      path: "/v1/limits/{n}",
      params: z.object({ n: z.coerce.number() }),
      answer: { status: 200, schema: z.number() },
    } as const;
    route(app, spec, async ({ params, answerHeaders }) => {
      answerHeaders.set("etag", etagOf(7));
      setRateLimit(answerHeaders, { policy: "reads", quota: 10, windowS: 60, remaining: params.n, resetS: 1.2 });
      return params.n > 0 ? accept(params.n) : refuse("rate-limited", "Wait.", { retryAfterS: 1.2 });
    });
    const good = await call("/v1/limits/3");
    expect([good.headers.get("etag"), good.headers.get("ratelimit"), good.headers.get("ratelimit-policy")]).toEqual([
      '"v7"',
      '"reads";r=3;t=2',
      '"reads";q=10;w=60',
    ]);
    const refused = await call("/v1/limits/0");
    expect([refused.status, refused.headers.get("etag"), refused.headers.get("ratelimit"), refused.headers.get("retry-after")]).toEqual([
      429,
      null,
      '"reads";r=0;t=2',
      "2",
    ]);
  });
});
