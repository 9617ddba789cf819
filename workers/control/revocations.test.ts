import { afterEach, describe, expect, it, vi } from "vitest";
import { decodeJwt } from "jose";
import type { Revoked, TokenReply } from "../../contract/subjects.ts";
import { seedAccount, seedDoor } from "./subject-testing.ts";
import { ask, edgeEnv, seedKey, seedOperator } from "./testing.ts";

afterEach(() => vi.useRealTimers());

async function seedTokens() {
  const owner = await seedOperator("owner");
  await seedDoor({}, owner);
  const key = await seedKey(owner, ["tokens:mint", "tokens:revoke"]);
  const mint = async (sub: string) => await (await ask("/v1/tokens", { body: { sub }, key: key.secret })).json<TokenReply>();
  const [a, b] = [await mint("a"), await mint("b")];
  const hosted = await seedAccount(owner, "h@example.com");
  return { owner, key, mint, replies: { a, b, hosted } };
}
type Method = (...args: readonly unknown[]) => Promise<unknown>;
type Tokens = Awaited<ReturnType<typeof seedTokens>>;

/** Which of them still come in, and which can renew, two seconds later. */
async function standing({ replies, owner }: Tokens): Promise<{ in: string[]; renew: string[] }> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_500 });
  const result = { in: [] as string[], renew: [] as string[] };
  for (const [name, { token, refreshHandle }] of Object.entries(replies)) {
    if ((await ask("/v1/me", { key: token })).status === 200) result.in.push(name);
    const path = name === "hosted" ? `/p/${owner.slug}/v1/subjects/refresh` : "/v1/tokens/refresh";
    if ((await ask(path, { body: { refreshHandle } })).status === 200) result.renew.push(name);
  }
  return result;
}

describe("a revocation", () => {
  const cases: [what: string, body: (tokens: Tokens) => unknown, still: { in: string[]; renew: string[] }][] = [
    [
      "one token",
      ({ replies }) => ({ kind: "token", tokenId: decodeJwt(replies.a.token).jti }),
      { in: ["b", "hosted"], renew: ["a", "b", "hosted"] },
    ],
    ["one person", () => ({ kind: "subject", issuer: "minted", sub: "a" }), { in: ["b", "hosted"], renew: ["b", "hosted"] }],
    ["an issuer", () => ({ kind: "issuer", issuer: "minted" }), { in: ["hosted"], renew: ["hosted"] }],
    ["everyone", () => ({ kind: "tenant" }), { in: [], renew: [] }],
  ];

  it.each(cases)("[SU70] of %s ends its tokens within two seconds and what renews them, and nothing else", async (_what, body, still) => {
    const tokens = await seedTokens();
    const other = await seedTokens();
    const revoked = await ask("/v1/tokens/revocations", { body: body(tokens), key: tokens.key.secret });
    expect(revoked.status).toBe(200);
    expect(Date.parse((await revoked.json<Revoked>()).before)).toBeGreaterThan(0);
    expect(await standing(tokens)).toEqual(still);
    expect((await standing(other)).in).toEqual(["a", "b", "hosted"]);
  });

  it("[SU70] leaves whoever signs in afterwards in", async () => {
    const tokens = await seedTokens();
    await ask("/v1/tokens/revocations", { body: { kind: "tenant" }, key: tokens.key.secret });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_500 });
    const again = await tokens.mint("a");
    expect((await ask("/v1/me", { key: again.token })).status).toBe(200);
    expect((await ask("/v1/tokens/refresh", { body: { refreshHandle: again.refreshHandle } })).status).toBe(200);
  });

  it("[SU70] leaves no token to a handle that is traded while it is under way", async () => {
    const { key, replies } = await seedTokens();
    let traded: TokenReply | undefined;
    // The moment after the revocation: the tenant's object has just answered.
    const getByName = (name: string) =>
      new Proxy(edgeEnv.TENANT.getByName(name), {
        get:
          (stub, method) =>
          async (...call: readonly unknown[]) => {
            const answered = await (stub as unknown as Record<PropertyKey, Method>)[method]?.(...call); // a method of the object
            if (method !== "revoke") return answered;
            vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 10 });
            const answer = await ask("/v1/tokens/refresh", { body: { refreshHandle: replies.a.refreshHandle } });
            if (answer.status === 200) traded = await answer.json<TokenReply>();
            return answered;
          },
      });
    const TENANT = { getByName };
    const body = { kind: "subject", issuer: "minted", sub: "a" };
    expect((await ask("/v1/tokens/revocations", { body, key: key.secret, env: { TENANT } })).status).toBe(200);
    expect(traded).toBeUndefined();
  });

  it("[SU71] [LV39] closes the sockets of just those, as of the revocation, at every hub, before it answers", async () => {
    const tokens = await seedTokens();
    const closed: string[] = [];
    const times = new Set<number | undefined>();
    const getByName = (name: string) => ({
      ...edgeEnv.HUB.getByName(name),
      closeCredentials: async (which: readonly string[], at?: number) => (times.add(at), closed.push(which.join()), 1),
      closeAtPlaces: async () => ({ closed: 0, failed: 0, next: null }),
    });
    const HUB = { getByName } as unknown as typeof edgeEnv.HUB; // closing is all that is asked of it
    const revoke = async (body: unknown) =>
      await (await ask("/v1/tokens/revocations", { body, key: tokens.key.secret, env: { HUB } })).json<Revoked>();
    const { ref } = await (await ask("/v1/subjects/minted/a", { cookie: tokens.owner.cookie })).json<{ ref: string }>();
    const wanted: [body: unknown, socket: string][] = [
      [{ kind: "token", tokenId: "jti" }, "token:jti"],
      [{ kind: "subject", issuer: "minted", sub: "a" }, `subject:${ref}`],
      [{ kind: "issuer", issuer: "hosted" }, "issuer:hosted"],
      [{ kind: "tenant" }, "subjects"],
    ];
    for (const [body, socket] of wanted) {
      closed.length = 0;
      times.clear();
      const { closedSockets, before } = await revoke(body);
      expect([...times]).toEqual([Date.parse(before)]);
      expect(new Set(closed)).toEqual(new Set([socket]));
      expect(closedSockets).toBe(closed.length);
    }
  });

  it("[SU70] needs the scope, a known issuer and one of the four kinds", async () => {
    const { key, owner } = await seedTokens();
    const minter = await seedKey(owner, ["tokens:mint"]);
    const status = async (body: unknown, secret = key.secret) => (await ask("/v1/tokens/revocations", { body, key: secret })).status;
    expect(await status({ kind: "tenant" }, minter.secret)).toBe(403);
    expect(await status({ kind: "issuer", issuer: "nobody" })).toBe(404);
    expect(await status({ kind: "everything" })).toBe(400);
    expect(await status({ kind: "tenant", issuer: "minted" })).toBe(400);
    expect((await ask("/v1/tokens/revocations", { body: { kind: "tenant" }, cookie: owner.cookie })).status).toBe(200);
  });
});
