import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { FIRST_SETTINGS, type HostState, type SettingsView } from "../../contract/settings.ts";
import { testApp } from "../http/testing.ts";
import { sessionPrincipal } from "./auth.ts";
import { HOST_PROOF_LIMITS, lookForProof } from "./host-proof.ts";
import { registerTenantHostRoutes } from "./tenant-hosts.ts";
import { ask, seedOperator, type SeededOperator } from "./testing.ts";

let made = 0;
const newHost = () => `h${++made}.acme.example`;

/** The internet as the verification sees it: answers by address. */
function internet() {
  const answers = new Map<string, () => Response | Promise<Response>>();
  const asked: Request[] = [];
  const fetch = async (request: Request) => {
    asked.push(request);
    const url = new URL(request.url);
    const key = url.hostname === "cloudflare-dns.com" ? `TXT ${url.searchParams.get("name")}` : request.url;
    return (await answers.get(key)?.()) ?? new Response("nothing", { status: 404 });
  };
  const txt = (name: string, ...data: string[]) =>
    answers.set(`TXT ${name}`, () =>
      Response.json({
        Status: data.length === 0 ? 3 : 0,
        ...(data.length === 0 ? {} : { Answer: data.map((text) => ({ name, type: 16, TTL: 60, data: text })) }),
      }),
    );
  return { answers, asked, fetch, txt };
}

async function world() {
  const net = internet();
  const { app, call } = testApp({ sessionPrincipal });
  registerTenantHostRoutes(app, net.fetch);
  const verify = async (who: SeededOperator, host: string) =>
    await call(`http://localhost:8787/v1/tenant/hosts/${host}/verify`, {
      method: "POST",
      headers: { cookie: who.cookie, origin: "http://localhost:8787" },
    });
  return { ...net, verify };
}

async function list(who: SeededOperator, ...hosts: string[]): Promise<HostState[]> {
  const answer = await ask("/v1/tenant/settings", { method: "PUT", body: { ...FIRST_SETTINGS, hosts }, cookie: who.cookie });
  return (await answer.json<SettingsView>()).hosts;
}

const fileOf = ({ host, wellKnownPath }: HostState) => `https://${host}${wellKnownPath}`;
const ownerOf = async (host: string) =>
  await env.DB.prepare("SELECT tenant_id FROM control_host WHERE host = ?").bind(host).first<string>("tenant_id");

describe("the proof of a host", () => {
  it("[DR14] is the TXT record, beside whatever else stands there", async () => {
    const [owner, { verify, txt }] = [await seedOperator("owner"), await world()];
    const host = newHost();
    const [state] = await list(owner, host);
    if (!state) throw new Error("the host is not listed");
    expect((await verify(owner, host)).status).toBe(409);
    txt(state.dnsName, '"v=spf1 -all"', `"${state.dnsValue.slice(0, 10)}" "${state.dnsValue.slice(10)}"`);
    const verified = await verify(owner, host);
    expect(await verified.json()).toMatchObject({ hosts: [{ host, state: "verified", verifiedAt: expect.any(String) }] });
    expect(await ownerOf(host)).toBe(owner.tenantId);
    expect((await verify(owner, host)).status).toBe(200);
  });

  it("[DR14] is the file as well, and nothing but the value in it", async () => {
    const [owner, { verify, answers }] = [await seedOperator("owner"), await world()];
    const host = newHost();
    const [state] = await list(owner, host);
    if (!state) throw new Error("the host is not listed");
    for (const text of [`${state.dnsValue}x`, `x${state.dnsValue}`, state.dnsValue.toUpperCase(), ""]) {
      answers.set(fileOf(state), () => new Response(text));
      expect([text, (await verify(owner, host)).status]).toEqual([text, 409]);
    }
    answers.set(fileOf(state), () => new Response(`${state.dnsValue}\r\n`));
    expect((await verify(owner, host)).status).toBe(200);
  });

  it("[DR15] follows no redirect, reads no more than it needs, and tells nothing of what it read", async () => {
    const [owner, { verify, answers, asked, txt }] = [await seedOperator("owner"), await world()];
    const host = newHost();
    const [state] = await list(owner, host);
    if (!state) throw new Error("the host is not listed");
    txt(state.dnsName, '"internal secret of the host"');
    const refusal = async (answer: () => Response | Promise<Response>) => {
      answers.set(fileOf(state), answer);
      const response = await verify(owner, host);
      const { detail } = await response.json<{ detail: string }>();
      expect([response.status, detail]).toEqual([409, expect.not.stringContaining("secret")]);
      return detail;
    };
    expect(await refusal(() => new Response("secret of the host"))).toContain("TXT record: another value there; file: another value there");
    expect(await refusal(() => Response.redirect("https://elsewhere.example/"))).toContain("file: nothing there");
    expect(await refusal(() => new Response(state.dnsValue, { status: 403 }))).toContain("file: nothing there");
    expect(await refusal(() => new Response(state.dnsValue.padEnd(HOST_PROOF_LIMITS.fileBytes + 1)))).toContain("file: nothing there");
    expect(await refusal(() => Promise.reject(new Error("refused")))).toContain("file: not reachable");
    txt(state.dnsName);
    expect(await refusal(() => new Response(null, { status: 404 }))).toContain("TXT record: nothing there");
    answers.set(`TXT ${state.dnsName}`, () => new Response("<html>"));
    expect(await refusal(() => new Response(null, { status: 404 }))).toContain("TXT record: not reachable");
    for (const request of asked) expect([request.redirect, request.method]).toEqual(["manual", "GET"]);
    answers.set(fileOf(state), () => new Response(state.dnsValue.padEnd(HOST_PROOF_LIMITS.fileBytes)));
    expect((await verify(owner, host)).status).toBe(200);
  });

  it("[DR15] gives up on a host that does not answer", async () => {
    const state: HostState = { host: "slow.acme.example", state: "waiting", dnsName: "_x.slow.acme.example", dnsValue: "v", wellKnownPath: "/w", verifiedAt: null }; // prettier-ignore
    const signals: AbortSignal[] = [];
    const hanging = async (request: Request) => {
      signals.push(request.signal);
      return await Promise.reject(new DOMException("timed out", "TimeoutError"));
    };
    expect(await lookForProof(hanging, state)).toEqual({ dns: "not reachable", file: "not reachable" });
    expect(signals.length).toBe(2);
  });

  it("[DR16] makes the host the first prover's, until it leaves their settings", async () => {
    const [first, second] = [await seedOperator("owner"), await seedOperator("owner")];
    const { verify, answers } = await world();
    const host = newHost();
    const prove = async (who: SeededOperator) => {
      const [state] = await list(who, host);
      if (!state) throw new Error("the host is not listed");
      answers.set(fileOf(state), () => new Response(state.dnsValue));
      return await verify(who, host);
    };
    expect((await prove(first)).status).toBe(200);
    const refused = await prove(second);
    expect([refused.status, await ownerOf(host)]).toEqual([409, first.tenantId]);
    expect(await refused.text()).not.toContain(first.tenantId);
    await list(first);
    expect(await ownerOf(host)).toBeNull();
    expect((await prove(second)).status).toBe(200);
    expect(await ownerOf(host)).toBe(second.tenantId);
    expect((await list(first, host))[0]?.state).toBe("waiting");
  });

  it("[DR17] of a host that leaves the settings meanwhile makes it nobody's", async () => {
    const [owner, { verify, answers }] = [await seedOperator("owner"), await world()];
    const host = newHost();
    const [state] = await list(owner, host);
    if (!state) throw new Error("the host is not listed");
    answers.set(fileOf(state), async () => {
      await list(owner);
      return new Response(state.dnsValue);
    });
    expect([(await verify(owner, host)).status, await ownerOf(host)]).toEqual([404, null]);
    expect((await verify(owner, host)).status).toBe(404);
  });
});
