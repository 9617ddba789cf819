import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../scripts/lib/project.ts";
import { Meridian } from "../../sdk/client.ts";
import { LiveClient, liveDeps, type LiveEvent } from "../../sdk/live.ts";
import { findNginx, startNginx } from "../lib/nginx.ts";
import { type ProductionNode, startProductionNode, TEST_HOST, trustTestNames } from "../lib/production.ts";
import { freePort } from "../lib/server.ts";
import { startTlsProxy, type TlsProxy } from "../lib/tls-proxy.ts";

const certificate = trustTestNames();
const OWNER = { name: "Owner", email: "owner@example.com", password: "correct horse battery staple" };
/** What a client may claim of itself; the proxy overwrites one of them and passes the others on. */
const FORGED = {
  "x-real-ip": "6.6.6.6",
  "x-forwarded-for": "6.6.6.6",
  "x-forwarded-host": "evil.example",
  "x-forwarded-proto": "http",
  "cf-connecting-ip": "6.6.6.6",
  "true-client-ip": "6.6.6.6",
  "mf-cf-blob": "{bad",
  forwarded: "for=6.6.6.6;proto=http;host=evil.example",
};

const nginx = findNginx();
const PROXIES: Record<string, (node: ProductionNode, httpPort: number) => Promise<TlsProxy>> = {
  "a TLS proxy": async (node, httpPort) =>
    await startTlsProxy({ ...certificate, backendPort: node.server.port, port: node.publicPort, httpPort }),
  ...(nginx === undefined
    ? {}
    : {
        nginx: async (node, httpPort) =>
          await startNginx(nginx, { ...certificate, backendPort: node.server.port, port: node.publicPort, httpPort, host: TEST_HOST }),
      }),
};

describe.each(Object.entries(PROXIES))("a production node behind %s", (name, startProxy) => {
  let node: ProductionNode;
  let proxy: TlsProxy;
  let httpPort: number;
  let cookie = "";
  let key = "";
  let ticket = "";
  beforeAll(async () => {
    node = await startProductionNode();
    httpPort = await freePort();
    proxy = await startProxy(node, httpPort);
  });
  afterAll(async () => {
    await proxy.stop();
    await node.server.stop();
    node.remove();
  });

  const ask = async (path: string, init: RequestInit = {}) => await fetch(`${node.publicUrl}${path}`, { redirect: "manual", ...init });
  const post = async (path: string, body: object, headers: Record<string, string> = {}) =>
    await ask(path, {
      method: "POST",
      headers: { "content-type": "application/json", origin: node.publicUrl, ...headers },
      body: JSON.stringify(body),
    });

  it("[ND42] leads plain http to https", async () => {
    const answer = await fetch(`http://${TEST_HOST}:${httpPort}/console?x=1`, { redirect: "manual" });
    expect([301, 308]).toContain(answer.status);
    expect(answer.headers.get("location")).toBe(`${node.publicUrl}/console?x=1`);
  });

  it("[ND40] serves pages, files and the API, all over https only from then on", async () => {
    const page = await ask("/console/");
    expect(page.status).toBe(200);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    const file = readdirSync(join(ROOT, "dist/web/assets")).find((one) => one.endsWith(".js")) ?? "";
    const asset = await ask(`/assets/${file}`);
    expect(asset.headers.get("cache-control")).toContain("immutable");
    const api = await ask("/v1/deployment");
    expect(await api.json()).toMatchObject({ name: "Proof", demo: false, signUpOpen: true, setupToken: true });
    for (const answer of [page, asset, api]) expect(answer.headers.get("strict-transport-security")).toMatch(/^max-age=/);
  });

  it("[ND6] [ND40] lets its first operator in by the setup token, with cookies that are this host's alone", async () => {
    expect((await post("/v1/auth/sign-up/email", OWNER)).status).toBe(403);
    const answer = await post("/v1/auth/sign-up/email", { ...OWNER, setupToken: node.setupToken }, FORGED);
    expect(answer.status).toBe(200);
    const cookies = answer.headers.getSetCookie();
    expect(cookies.some((line) => line.startsWith("__Host-meridian.session="))).toBe(true);
    for (const line of cookies) {
      expect(line).toMatch(/^__Host-/);
      for (const attribute of [/; *secure/i, /; *httponly/i, /; *samesite=lax/i, /; *path=\/(?:;|$)/i]) expect(line).toMatch(attribute);
      expect(line).not.toMatch(/; *domain=/i);
    }
    cookie = cookies.map((line) => line.split(";", 1)[0]).join("; ");
  });

  it("[ND40] takes changes by cookie from its own pages only", async () => {
    const made = await post("/v1/keys", { name: "proof", scopes: ["metrics:write", "metrics:read", "live:connect"] }, { cookie });
    expect(made.status).toBe(201);
    key = ((await made.json()) as { secret: string }).secret;
    for (const origin of ["https://evil.example", `http://${TEST_HOST}:${httpPort}`, node.server.url, `https://${TEST_HOST}`]) {
      const refused = await post("/v1/keys", { name: "no", scopes: ["metrics:read"] }, { cookie, origin });
      expect(refused.status, origin).toBe(403);
    }
  });

  it("[ND40] opens sockets over wss, and pushes through them", async () => {
    const meridian = new Meridian({ url: node.publicUrl, key });
    const { url } = await meridian.connect.ticket();
    expect(url.startsWith(`wss://${TEST_HOST}:${node.publicPort}/v1/connect`)).toBe(true);
    ticket = new URL(url).searchParams.get("ticket") ?? "";
    const live = new LiveClient(liveDeps(async () => (await meridian.connect.ticket()).url));
    const events: LiveEvent[] = [];
    live.subscribe("metrics/all", { event: (event) => events.push(event) });
    live.connect();
    await expect
      .poll(
        async () => {
          await meridian.metrics.ingest({
            samples: [{ metric: "host_cpu_used_ratio", labels: { host: "h" }, timestamp: Date.now(), value: 1 }],
          });
          return events.length;
        },
        { timeout: 30_000, interval: 500 },
      )
      .toBeGreaterThan(0);
    live.close();
  });

  it("[ND41] [ND10] believes the proxy about addresses, whatever clients send along", async () => {
    const signedIn = await post("/v1/auth/sign-in/email", { email: OWNER.email, password: OWNER.password }, FORGED);
    expect(signedIn.status).toBe(200);
    const answer = await ask("/v1/auth/sessions", { headers: { ...FORGED, cookie } });
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toContain("127.0.0.0/24");
    expect(text).not.toContain("6.6.6");
    // A forged protocol does not make cookies less secure, and a forged host leads nowhere.
    for (const line of signedIn.headers.getSetCookie()) expect(line).toMatch(/^__Host-.*; *secure/i);
    expect((await ask("/v1/deployment", { headers: FORGED })).headers.get("strict-transport-security")).not.toBeNull();
  });

  it("[ND11] answers no other name", async () => {
    const other = fetch(`https://shop.meridian.test:${node.publicPort}/console/`);
    if (name === "nginx") return await expect(other).rejects.toThrow();
    const answer = await other;
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ type: "/problems/https-required" });
    expect(node.log()).toMatch(new RegExp(`host-mismatch.*shop\\.meridian\\.test.*${TEST_HOST}`));
  });

  it("[ND40] keeps everybody signed in over a restart, and asks for no setup token any more", async () => {
    await node.server.stop();
    const again = await node.again();
    expect(existsSync(join(again.state, "setup-token.txt"))).toBe(false);
    expect((await ask("/v1/me", { headers: { cookie } })).status).toBe(200);
    expect(await (await ask("/v1/deployment")).json()).toMatchObject({ signUpOpen: false, setupToken: false });
    await again.stop();
    expect(again.output()).not.toContain("setup token");
  });

  it("[ND18] has written no secret anywhere that is read by others", () => {
    const ring = JSON.parse(readFileSync(node.ringFile, "utf8")) as { keys: Record<string, string> };
    const secrets = [
      ...Object.values(ring.keys),
      node.setupToken,
      OWNER.password,
      key,
      ticket,
      ...cookie.split("; ").map((pair) => pair.split("=")[1] ?? ""),
    ];
    const printed = node.log() + node.server.output();
    expect(printed).toContain('"event":"request"');
    expect(secrets.every((secret) => secret.length >= 16)).toBe(true);
    for (const secret of secrets) expect(printed.includes(secret)).toBe(false);
  });
});
