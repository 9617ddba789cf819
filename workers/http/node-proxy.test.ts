import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { EdgeEnv } from "../env.ts";
import { clientAddress } from "./client-address.ts";
import { serveWithAssets } from "./door.ts";
import { problemResponse } from "./problem.ts";

const FILE = new Response("file", { headers: { "content-type": "text/plain" } });

function node(changed: Partial<EdgeEnv> = {}): EdgeEnv {
  const ASSETS = { fetch: async () => FILE.clone() } as unknown as Fetcher; // the one method that the door uses
  return { ...(env as unknown as EdgeEnv), ASSETS, PUBLIC_URL: "https://ops.example.com", ...changed };
}

/** What the door hands on of a request, and what it answers. */
async function through(url: string, headers: HeadersInit, bindings: EdgeEnv, answer = () => new Response("ok")) {
  let seen: Request | undefined;
  const app = {
    fetch: (request: Request) => {
      seen = request;
      return answer();
    },
  };
  const response = await serveWithAssets(app, new Request(url, { headers }), bindings, createExecutionContext());
  return { seen, response };
}

describe("the client's address behind a proxy", () => {
  it.each([
    ["X-Real-IP", "203.0.113.9", "203.0.113.9"],
    ["x-real-ip", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["X-Real-IP", "::ffff:203.0.113.9", "203.0.113.9"],
    // Two values: one of them is the client's own, and nobody knows which.
    ["X-Real-IP", "6.6.6.6, 203.0.113.9", "unknown"],
    ["X-Forwarded-For", "6.6.6.6, 7.7.7.7,203.0.113.9", "203.0.113.9"],
    ["X-Forwarded-For", "203.0.113.9", "203.0.113.9"],
    ["X-Forwarded-For", "203.0.113.9, unknown", "unknown"],
    ["X-Forwarded-For", "203.0.113.9,", "unknown"],
    ["X-Client", "203.0.113.9:4711", "unknown"],
    ["X-Client", "203.0.113.256", "unknown"],
    ["X-Client", "1.2.3", "unknown"],
    ["X-Client", "[2001:db8::1]", "unknown"],
    ["X-Client", "2001:db8::1]/x", "unknown"],
    ["X-Client", "fe80::1%eth0", "unknown"],
    ["X-Client", ":::", "unknown"],
    ["X-Client", "localhost", "unknown"],
    ["X-Client", "", "unknown"],
  ])("[ND10] %s: %j is %s", async (name, value, expected) => {
    const forged = { "cf-connecting-ip": "6.6.6.6", forwarded: "for=6.6.6.6", "true-client-ip": "6.6.6.6" };
    const { seen } = await through("http://ops.example.com/v1/x", { ...forged, [name]: value }, node({ TRUSTED_PROXY_HEADER: name }));
    expect(clientAddress(seen as Request)).toBe(expected);
  });

  it("[ND10] is nobody's without a trusted header, whatever headers say", async () => {
    const said = { "x-real-ip": "6.6.6.6", "x-forwarded-for": "6.6.6.6", "cf-connecting-ip": "6.6.6.6" };
    for (const bindings of [node(), node({ TRUSTED_PROXY_HEADER: "" }), node({ TRUSTED_PROXY_HEADER: "X-Client" })]) {
      const { seen } = await through("http://ops.example.com/v1/x", said, bindings);
      expect(clientAddress(seen as Request)).toBe("unknown");
    }
  });
});

describe("hosts at the door", () => {
  const REFUSED = () => problemResponse({ slug: "https-required", detail: "Use https." }, "r1");
  const logged = vi.spyOn(console, "error");
  beforeEach(() => void logged.mockReset().mockImplementation(() => {}));

  it("[ND11] get files only when they are the public one or this machine", async () => {
    for (const host of ["ops.example.com", "127.0.0.1:8787", "localhost"]) {
      const { response, seen } = await through(`http://${host}/assets/a.txt`, {}, node());
      expect(seen, host).toBeUndefined();
      expect(await response.text(), host).toBe("file");
    }
    for (const host of ["shop.example", "ops.example.com.evil.example", "ops.example.com:8443"]) {
      const { response } = await through(`http://${host}/assets/a.txt`, {}, node());
      expect(await response.text(), host).toBe("ok");
    }
  });

  it("[ND11] that are refused are told once each, with the public URL, and only so many of them", async () => {
    for (let n = 0; n < 60; n++) await through(`http://h${n % 30}.example/`, {}, node(), REFUSED);
    const lines = logged.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, string>);
    expect(lines[0]).toMatchObject({ event: "host-mismatch", host: "h0.example", publicUrl: "https://ops.example.com" });
    expect(new Set(lines.map(({ host }) => host)).size).toBe(lines.length);
    expect(lines.length).toBeLessThanOrEqual(20);
  });

  it("[ND11] of a tenant that refuses something are no mismatch", async () => {
    const { response } = await through("http://tenant.example/v1/x", {}, node(), () =>
      problemResponse({ slug: "forbidden", detail: "No." }, "r1"),
    );
    expect(response.status).toBe(403);
    expect(logged).not.toHaveBeenCalled();
  });

  it("[ND12] that a proxy loses are refused: they would pass for this machine's", async () => {
    const bindings = node({ TRUSTED_PROXY_HEADER: "X-Real-IP" });
    const { response, seen } = await through("http://127.0.0.1:8787/v1/x", { "x-real-ip": "203.0.113.9" }, bindings);
    expect(seen).toBeUndefined();
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ type: "/problems/https-required" });
    // Programs of this machine come without the proxy; and a public host may itself be loopback.
    expect((await through("http://127.0.0.1:8787/v1/x", {}, bindings)).response.status).toBe(200);
    const local = node({ TRUSTED_PROXY_HEADER: "X-Real-IP", PUBLIC_URL: "https://localhost:8443" });
    expect((await through("http://localhost:8443/v1/x", { "x-real-ip": "203.0.113.9" }, local)).response.status).toBe(200);
  });
});
