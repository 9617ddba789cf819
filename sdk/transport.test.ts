import { readdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { fakeFetch, hanging, json, problem } from "./fetch-testing.ts";
import { MeridianError, retryAfterSeconds } from "./errors.ts";
import { transport } from "./transport.ts";

function callOf(...answers: Parameters<typeof fakeFetch>) {
  const server = fakeFetch(...answers);
  const waits: number[] = [];
  const call = transport({ url: "http://s", fetch: server.fetch, random: () => 0.5, sleep: async (ms) => void waits.push(ms) });
  return { server, waits, call };
}

const failure = async (promise: Promise<unknown>): Promise<MeridianError> => {
  const error = await promise.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(MeridianError);
  return error as MeridianError;
};

describe("transport", () => {
  it("[SD4] repeats a read over a dropped connection, 429 and 503", async () => {
    const { server, waits, call } = callOf(
      new TypeError("fetch failed"),
      problem(429, "rate-limited"),
      problem(503, "unavailable"),
      json({ a: 1 }),
    );
    expect(await call("GET", "/v1/me")).toEqual({ a: 1 });
    expect(server.seen).toHaveLength(4);
    expect(waits).toEqual([125, 250, 500]);
  });

  it("[SD4] gives up after four tries with the last error", async () => {
    const { server, call } = callOf(new TypeError("fetch failed"));
    expect(await failure(call("GET", "/v1/me"))).toMatchObject({ status: 0, slug: "network" });
    expect(server.seen).toHaveLength(4);
  });

  it.each([400, 401, 403, 404, 409, 412, 413, 422, 500, 502])("[SD4] never repeats a %i", async (status) => {
    const { server, call } = callOf(problem(status, "internal"), json({}));
    expect((await failure(call("GET", "/v1/me"))).status).toBe(status);
    expect(server.seen).toHaveLength(1);
  });

  it("[SD4] sends once what must not be sent twice", async () => {
    const { server, call } = callOf(new TypeError("fetch failed"));
    await failure(call("POST", "/v1/auth/sign-in/email", { body: {}, repeat: "never" }));
    expect(server.seen).toHaveLength(1);
    expect(server.seen[0]?.headers.has("idempotency-key")).toBe(false);
  });

  it("[SD5] repeats a create under the same Idempotency-Key, and gives the next one its own", async () => {
    const { server, call } = callOf(new TypeError("fetch failed"), json({}), json({}));
    await call("POST", "/v1/keys", { body: {} });
    await call("POST", "/v1/keys", { body: {} });
    const [first, repeat, second] = server.seen.map(({ headers }) => headers.get("idempotency-key"));
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(repeat).toBe(first);
    expect(second).not.toBe(first);
  });

  it("[SD5] uses the caller's Idempotency-Key when there is one", async () => {
    const { server, call } = callOf(json({}));
    await call("POST", "/v1/keys", { body: {}, options: { idempotencyKey: "mine" } });
    expect(server.seen[0]?.headers.get("idempotency-key")).toBe("mine");
  });

  it("[SD6] waits as long as Retry-After says", async () => {
    const { waits, call } = callOf(problem(503, "unavailable", {}, { "retry-after": "7" }), json({}));
    await call("GET", "/v1/me");
    expect(waits).toEqual([7_000]);
  });

  it("[SD6] does not hang for a server that asks for more than a minute", async () => {
    const { server, call } = callOf(problem(503, "unavailable", {}, { "retry-after": "61" }), json({}));
    expect((await failure(call("GET", "/v1/me"))).retryAfterS).toBe(61);
    expect(server.seen).toHaveLength(1);
  });

  it("[SD6] reads Retry-After as seconds or as a date, and nothing else", () => {
    const now = Date.UTC(2026, 10, 20, 12, 0, 0);
    expect(retryAfterSeconds("12", now)).toBe(12);
    expect(retryAfterSeconds("Fri, 20 Nov 2026 12:01:30 GMT", now)).toBe(90);
    expect(retryAfterSeconds("Fri, 20 Nov 2026 11:00:00 GMT", now)).toBe(0);
    expect(retryAfterSeconds("-5", now)).toBe(0);
    expect(retryAfterSeconds("soon", now)).toBeUndefined();
    expect(retryAfterSeconds("", now)).toBeUndefined();
    expect(retryAfterSeconds(null, now)).toBeUndefined();
  });

  it("[SD7] an abort within a request rejects with the caller's reason and is not repeated", async () => {
    const { server, call } = callOf(hanging);
    const stop = new AbortController();
    const asked = call("GET", "/v1/me", { options: { signal: stop.signal } });
    const reason = new Error("left the page");
    stop.abort(reason);
    await expect(asked).rejects.toBe(reason);
    expect(server.seen.length).toBeLessThanOrEqual(1);
  });

  it("[SD7] an abort under way rejects with the caller's reason, also where nothing would be repeated", async () => {
    const stop = new AbortController();
    const reason = new Error("left the page");
    const { server, call } = callOf((seen) => {
      setImmediate(() => stop.abort(reason));
      return hanging(seen);
    });
    await expect(call("POST", "/v1/auth/sign-in/email", { repeat: "never", options: { signal: stop.signal } })).rejects.toBe(reason);
    expect(server.seen).toHaveLength(1);
  });

  it("[SD7] an abort before the request sends nothing", async () => {
    const { server, call } = callOf(json({}));
    await expect(call("GET", "/v1/me", { options: { signal: AbortSignal.abort(new Error("no")) } })).rejects.toThrow("no");
    expect(server.seen).toHaveLength(0);
  });

  it("[SD7] an abort while waiting to repeat ends the wait", async () => {
    const server = fakeFetch(problem(503, "unavailable", {}, { "retry-after": "60" }));
    const call = transport({ url: "http://s", fetch: server.fetch });
    const stop = new AbortController();
    const asked = call("GET", "/v1/me", { options: { signal: stop.signal } });
    const reason = new Error("enough");
    setImmediate(() => stop.abort(reason));
    await expect(asked).rejects.toBe(reason);
  });

  it("[SD8] a try over its limit is a timeout and is repeated", async () => {
    const { server, call } = callOf(hanging, json({ late: false }));
    expect(await call("GET", "/v1/me", { options: { timeoutMs: 1 } })).toEqual({ late: false });
    expect(server.seen).toHaveLength(2);
    const never = callOf(hanging);
    expect((await failure(never.call("GET", "/v1/me", { options: { timeoutMs: 1 } }))).slug).toBe("timeout");
  });

  it("[SD3] keeps status and request id of an answer that is no problem document", async () => {
    const page = new Response("<h1>Bad gateway</h1>", { status: 502, headers: { "x-request-id": "r-9" } });
    const { call } = callOf(page);
    expect(await failure(call("GET", "/v1/me"))).toMatchObject({ status: 502, slug: "unavailable", requestId: "r-9", errors: [] });
    const odd = callOf(json({ type: 7, detail: {}, errors: [1, { pointer: 2 }], message: "from a library" }, 418));
    expect(await failure(odd.call("GET", "/v1/me"))).toMatchObject({
      status: 418,
      slug: "unexpected",
      detail: "from a library",
      errors: [],
    });
  });

  it("[SD3] a success that is not JSON is an error, an empty one is undefined", async () => {
    const { call } = callOf(new Response("<html>", { status: 200 }));
    expect(await failure(call("GET", "/v1/me"))).toMatchObject({ status: 200, slug: "unexpected" });
    expect(await callOf(new Response(null, { status: 204 })).call("DELETE", "/v1/members/m")).toBeUndefined();
  });

  it("[SD10] sends a larger ingest body as gzip, the same bytes on a repeat", async () => {
    const { server, call } = callOf(problem(503, "unavailable"), json({}));
    const body = { samples: Array.from({ length: 100 }, (_, i) => ({ metric: "m", timestamp: i, value: i })) };
    await call("POST", "/v1/metrics/ingest", { body, gzip: true, repeat: "safe" });
    for (const { headers, init } of server.seen) {
      expect(headers.get("content-encoding")).toBe("gzip");
      expect(JSON.parse(gunzipSync(init.body as ArrayBuffer).toString())).toEqual(body);
    }
    expect(server.seen).toHaveLength(2);
  });

  it("[SD10] leaves a small body as it is", async () => {
    const { server, call } = callOf(json({}));
    await call("POST", "/v1/metrics/ingest", { body: { samples: [] }, gzip: true });
    expect(server.seen[0]?.headers.has("content-encoding")).toBe(false);
    expect(server.seen[0]?.init.body).toBe('{"samples":[]}');
  });

  it("[SD11] the client's files and what they import at run time hold no schema library and stay small", () => {
    const files = new Map<string, string>();
    const visit = (url: URL): void => {
      if (files.has(url.href)) return;
      const text = readFileSync(url, "utf8");
      files.set(url.href, text);
      // A type-only import brings nothing at run time.
      for (const [, from = ""] of text.matchAll(/^(?:import|export) (?!type )[^;]*? from "([^"]+)"/gms)) {
        expect(from, `${url.pathname} imports a package`).toMatch(/^\.{1,2}\//);
        visit(new URL(from, url));
      }
    };
    visit(new URL("./client.ts", import.meta.url));
    expect(files.size).toBeGreaterThan(readdirSync(new URL("./api/", import.meta.url)).length);
    // What runs: without types and words. Types are no bytes of anybody's page.
    const code = [...files.values()].map((text) => stripTypeScriptTypes(text).replace(/\/\*\*.*?\*\/|^\s*\/\/[^\n]*$/gms, ""));
    expect(gzipSync(code.join("\n").replace(/\s+/g, " ")).length).toBeLessThan(8 * 1_024);
  });
});
