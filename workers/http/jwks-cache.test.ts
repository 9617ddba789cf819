import { exportJWK, generateKeyPair } from "jose";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Issuer } from "../../contract/issuers.ts";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { clearIsolateCaches } from "./isolate-caches.ts";
import { JWKS_LIMITS } from "./jwks-cache.ts";
import { JWKS_TIMEOUT_MS } from "./jwks-fetch.ts";
import { asking, FakeTenant, signed } from "./token-testing.ts";
import { inspectToken } from "./token-inspect.ts";
import { edgeEnv } from "./testing.ts";

const URL_OF_KEYS = "https://id.shop.test/.well-known/jwks.json";
const ISSUER: Issuer = {
  name: "shop",
  iss: "https://id.shop.test",
  audiences: ["meridian"],
  jwksUrl: URL_OF_KEYS,
  jwks: null,
  algorithms: ["ES256"],
  mapping: { name: null, avatarUrl: null, grants: [], rules: [] },
  createdAt: "2026-11-20T00:00:00.000Z",
  changedAt: "2026-11-20T00:00:00.000Z",
};

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let pairs: readonly Pair[] = [];
beforeAll(async () => {
  pairs = await Promise.all([1, 2].map(async () => await generateKeyPair("ES256", { extractable: true })));
});

const realFetch = globalThis.fetch;
/** What the address answers, and how often it was asked. */
const address = { asked: 0, answer: (): Response | Promise<Response> => new Response(null, { status: 500 }) };
beforeEach(() => {
  clearIsolateCaches();
  address.asked = 0;
  globalThis.fetch = async (input, init) => {
    address.asked += 1;
    expect([input, init?.redirect]).toEqual([URL_OF_KEYS, "manual"]);
    return await address.answer();
  };
});
afterEach(() => {
  globalThis.fetch = realFetch;
  vi.useRealTimers();
});

const keySet = async (...which: number[]) => ({
  keys: await Promise.all(which.map(async (n) => ({ ...(await exportJWK(pairs[n]!.publicKey)), kid: `k${n}` }))),
});

async function token(n: number, kid = `k${n}`, hours = 0): Promise<string> {
  const iat = Math.floor(Date.now() / 1_000) + hours * 3_600;
  return await signed(pairs[n]!.privateKey, { iss: ISSUER.iss, aud: "meridian", sub: "ada", iat, exp: iat + 7_200 }, { alg: "ES256", kid });
}

async function shop() {
  const tenant = await FakeTenant.make({ issuers: [ISSUER] });
  const { who } = asking(tenant);
  const status = async (text: string, at = 0) => (await who(text, { door: true, at })).status;
  const trouble = async (text: string) => {
    const scene = {
      env: { ...edgeEnv, ...tenant.bindings },
      ctx: { waitUntil: () => undefined },
      now: Date.now(),
      tenantId: tenant.tenantId,
    };
    return (await inspectToken(text, scene)).checks.at(-1)?.detail;
  };
  return { tenant, status, trouble };
}

describe("keys behind an address", () => {
  it("[SU117] verify tokens, and keys of other kinds beside them are passed over", async () => {
    const { keys } = await keySet(0);
    address.answer = () => Response.json({ keys: [{ kty: "oct", k: "c2VjcmV0" }, { kty: "AKP" }, 7, ...keys] });
    const { status } = await shop();
    expect(await status(await token(0))).toBe(200);
    expect(await status(await token(1))).toBe(401);
  });

  it.each([
    ["a redirect", () => new Response(null, { status: 302, headers: { location: "http://127.0.0.1/" } }), "302: redirects are not followed"],
    ["an error", () => new Response("no", { status: 404 }), "404"],
    ["no JSON", () => new Response("<html>"), "no JSON with a list of keys"],
    ["no list of keys", () => Response.json({ keys: {} }), "no JSON with a list of keys"],
    ["a failure", () => { throw new TypeError("connection refused to 10.0.0.7"); }, "cannot be reached"],
    ["a stream that breaks off", () => new Response(new ReadableStream({ start: (to) => to.error(new Error("cut")) })), "cannot be reached"],
  ] as const)("[SU117] are not to be had from %s: 503, and a test of a token says why", async (_what, answer, detail) => {
    address.answer = answer;
    const { status, trouble } = await shop();
    const text = await token(0);
    expect(await status(text)).toBe(503);
    const said = await trouble(text);
    expect(said).toContain(detail);
    expect(said).not.toContain("10.0.0.7");
  }); // prettier-ignore

  it("[SU117] are read up to 64 KiB and not a byte more, whatever length is announced", async () => {
    const body = JSON.stringify(await keySet(0));
    const padded = (bytes: number) => body + " ".repeat(bytes - body.length);
    address.answer = () => new Response(padded(SUBJECT_LIMITS.jwksBytes));
    expect(await (await shop()).status(await token(0))).toBe(200);
    address.answer = () => new Response(padded(SUBJECT_LIMITS.jwksBytes + 1));
    expect(await (await shop()).status(await token(0))).toBe(503);
    let pulled = 0;
    address.answer = () => new Response(new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array((pulled++, 16_384)).fill(32)) }));
    const { status, trouble } = await shop();
    expect(await status(await token(0))).toBe(503);
    expect(await trouble(await token(0))).toContain("more than 65536 bytes");
    expect(pulled).toBeLessThan(2 * 6); // the address was asked twice
  });

  it("[SU117] are fifty at most", async () => {
    const { keys } = await keySet(0);
    const others = (count: number) => Array.from({ length: count }, (_, n) => ({ ...keys[0], kid: `other${n}` }));
    address.answer = () => Response.json({ keys: [...others(SUBJECT_LIMITS.jwksKeys - 1), ...keys] });
    expect(await (await shop()).status(await token(0))).toBe(200);
    address.answer = () => Response.json({ keys: [...others(SUBJECT_LIMITS.jwksKeys), ...keys] });
    expect(await (await shop()).status(await token(0))).toBe(503);
  });

  it("[SU117] are not waited for longer than five seconds", async () => {
    const timeout = vi.spyOn(AbortSignal, "timeout").mockImplementation(() => AbortSignal.abort());
    address.answer = () => { throw new DOMException("aborted", "AbortError"); }; // prettier-ignore
    expect(await (await shop()).trouble(await token(0))).toContain("within 5 s");
    expect(timeout).toHaveBeenCalledWith(JWKS_TIMEOUT_MS);
    timeout.mockRestore();
  });

  it("[SU118] are read again after a clock was set back, however far", async () => {
    address.answer = async () => Response.json(await keySet(0));
    const { status } = await shop();
    expect(await status(await token(0), 0)).toBe(200);
    address.answer = async () => Response.json(await keySet(1));
    const [text, back] = [await token(1, "k1", -12), -12 * 3_600_000];
    await status(text, back); // the door's own buckets count as empty for a moment
    expect(await status(text, back + 1_000)).toBe(200);
    expect(address.asked).toBe(2);
  });

  it("[SU118] are remembered for ten minutes, and read by one request for all", async () => {
    const set = await keySet(0);
    address.answer = () => Response.json(set);
    const { status } = await shop();
    const texts = await Promise.all([1, 2, 3, 4].map(async () => await token(0)));
    await Promise.all(texts.map(async (text) => expect(await status(text)).toBe(200)));
    expect(await status(await token(0), JWKS_LIMITS.freshMs - 1_000)).toBe(200);
    expect(address.asked).toBe(1);
    expect(await status(await token(0), JWKS_LIMITS.freshMs + 1_000)).toBe(200);
    expect(address.asked).toBe(2);
  });

  it("[SU118] that are gone from the address stop, for tokens seen before too", async () => {
    const both = await keySet(0, 1);
    const second = await keySet(1);
    address.answer = () => Response.json(both);
    const { status } = await shop();
    const text = await token(0);
    expect(await status(text)).toBe(200);
    address.answer = () => Response.json(second);
    expect(await status(text, JWKS_LIMITS.freshMs - 1_000)).toBe(200);
    expect(await status(text, JWKS_LIMITS.freshMs + 1_000)).toBe(401);
  });

  it("[SU118] that are new are found at once, but a flood of made-up names asks the address twice, and then once in thirty seconds", async () => {
    const [first, both] = [await keySet(0), await keySet(0, 1)];
    address.answer = () => Response.json(first);
    const { status } = await shop();
    expect(await status(await token(0))).toBe(200);
    address.answer = () => Response.json(both);
    const rotated = await token(1);
    expect(await status(rotated, 1_000)).toBe(200);
    expect(address.asked).toBe(2);
    for (let i = 0; i < 50; i++) expect(await status(await token(1, `made-up-${i}`), 2_000)).toBe(401);
    expect(address.asked).toBe(2);
    const later = JWKS_LIMITS.floorMs + 2_000;
    await Promise.all(Array.from({ length: 50 }, async (_, i) => await status(await token(1, `more-${i}`), later)));
    expect(address.asked).toBe(3);
    expect(await status(rotated, later + 1_000)).toBe(200);
  });

  it("[SU118] count on while their address fails, for a day, and it is not asked more often for that", async () => {
    const set = await keySet(0);
    address.answer = () => Response.json(set);
    const { status } = await shop();
    expect(await status(await token(0))).toBe(200);
    address.answer = () => new Response(null, { status: 500 });
    const later = JWKS_LIMITS.staleMs - 60_000;
    expect(await status(await token(0, "k0", 23), later)).toBe(200);
    for (let i = 0; i < 5; i++) expect(await status(await token(0, "k0", 23), later + 1_000 + i)).toBe(200);
    expect(address.asked).toBe(1 + JWKS_LIMITS.burst);
    expect(await status(await token(0, "k0", 24), JWKS_LIMITS.staleMs + 1_000)).toBe(503);
  });

  it("[SU118] are each tenant's own: one's flood uses up nobody else's floor", async () => {
    const set = await keySet(0);
    address.answer = () => Response.json(set);
    const [one, two] = [await shop(), await shop()];
    expect([await one.status(await token(1)), await two.status(await token(0))]).toEqual([401, 200]);
    expect(address.asked).toBe(2);
  });
});
