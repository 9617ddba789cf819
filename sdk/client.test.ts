import { describe, expect, it } from "vitest";
import { fakeFetch, json, problem } from "./fetch-testing.ts";
import { FIRST_METRIC_SETTINGS } from "../contract/metric-settings.ts";
import { FIRST_SETTINGS } from "../contract/settings.ts";
import { everyItem, Meridian, MeridianError } from "./client.ts";

function clientOf(...answers: Parameters<typeof fakeFetch>) {
  const server = fakeFetch(...answers);
  return { server, meridian: new Meridian({ url: "https://m.example/", key: "mrd_t_k_s", fetch: server.fetch, sleep: async () => {} }) };
}

const PASSKEY = { id: "AA", rawId: "AA", type: "public-key", response: { clientDataJSON: "AA", attestationObject: "AA" } } as const;
const PASSKEY_ANSWER = { ...PASSKEY, response: { clientDataJSON: "AA", authenticatorData: "AA", signature: "AA" } } as const;

const CALLS: [string, string, (meridian: Meridian) => Promise<unknown>][] = [
  ["POST", "/v1/metrics/ingest", (m) => m.metrics.ingest({ samples: [] })],
  ["POST", "/v1/metrics/query", (m) => m.metrics.query({ metric: "a", start: "2026-11-20T00:00:00Z", end: "2026-11-20T01:00:00Z" })],
  ["GET", "/v1/metrics/names?search=cp&limit=5", (m) => m.metrics.names({ search: "cp", limit: 5 })],
  [
    "GET",
    "/v1/metrics/series?metric=cpu&match=%5B%7B%22label%22%3A%22host%22%2C%22value%22%3A%22a%22%7D%5D",
    (m) => m.metrics.series({ metric: "cpu", match: [{ label: "host", value: "a" }] }),
  ],
  ["GET", "/v1/metrics/labels", (m) => m.metrics.labels()],
  ["GET", "/v1/metrics/labels/a%2Fb/values?limit=2", (m) => m.metrics.values("a/b", { limit: 2 })],
  ["GET", "/v1/metrics/metadata", (m) => m.metrics.metadata()],
  ["GET", "/v1/metrics/exemplars?metric=cpu", (m) => m.metrics.exemplars({ metric: "cpu" })],
  ["GET", "/v1/metrics/cardinality", (m) => m.metrics.cardinality()],
  ["GET", "/v1/metrics/storage", (m) => m.metrics.storage()],
  ["GET", "/v1/metrics/rejected", (m) => m.metrics.rejected()],
  ["DELETE", "/v1/metrics/series?metric=cpu", (m) => m.metrics.deleteSeries({ metric: "cpu" })],
  ["GET", "/v1/metrics/settings", (m) => m.metrics.settings()],
  ["PUT", "/v1/metrics/settings", (m) => m.metrics.putSettings(FIRST_METRIC_SETTINGS, '"v1"')],
  ["GET", "/v1/hosts?limit=5", (m) => m.hosts.list({ limit: 5 })],
  ["GET", "/v1/hosts/a%2Fb", (m) => m.hosts.get("a/b")],
  ["GET", "/v1/agents", (m) => m.agents.list()],
  ["GET", "/v1/agents/h1", (m) => m.agents.get("h1")],
  ["PATCH", "/v1/agents/h1", (m) => m.agents.configure("h1", { intervalMs: 5_000 })],
  ["GET", "/v1/keys?cursor=c", (m) => m.keys.list({ cursor: "c" })],
  ["POST", "/v1/keys", (m) => m.keys.create({ name: "a", scopes: ["metrics:write"] })],
  ["DELETE", "/v1/keys/k1", (m) => m.keys.revoke("k1")],
  ["GET", "/v1/members", (m) => m.members.list()],
  ["PATCH", "/v1/members/m1", (m) => m.members.setRole("m1", "viewer")],
  ["DELETE", "/v1/members/m1", (m) => m.members.remove("m1")],
  ["GET", "/v1/invitations", (m) => m.invitations.list()],
  ["POST", "/v1/invitations", (m) => m.invitations.create({ email: "a@b.example", role: "viewer" })],
  ["DELETE", "/v1/invitations/i1", (m) => m.invitations.cancel("i1")],
  ["POST", "/v1/invitations/preview", (m) => m.invitations.preview("t")],
  ["POST", "/v1/invitations/accept", (m) => m.invitations.accept({ token: "t" })],
  ["GET", "/v1/events?type=meridian.key.created&limit=1", (m) => m.events.list({ type: "meridian.key.created", limit: 1 })],
  ["GET", "/v1/events/status", (m) => m.events.status()],
  ["GET", "/v1/dead-letters", (m) => m.deadLetters.list()],
  ["POST", "/v1/dead-letters/d1/replay", (m) => m.deadLetters.replay("d1")],
  ["GET", "/v1/audit?actor=user%3A1", (m) => m.audit.list({ actor: "user:1" })],
  ["POST", "/v1/audit/verify", (m) => m.audit.verify()],
  ["POST", "/v1/connect/tickets", (m) => m.connect.ticket()],
  ["GET", "/v1/me", (m) => m.me()],
  ["GET", "/v1/deployment", (m) => m.deployment()],
  ["GET", "/v1/tenant", (m) => m.tenant.get()],
  ["POST", "/v1/tokens", (m) => m.tokens.mint({ sub: "u1" })],
  ["POST", "/v1/tokens/refresh", (m) => m.tokens.refresh("mrr_t_1_f_s")],
  ["POST", "/v1/tokens/revocations", (m) => m.tokens.revoke({ kind: "subject", issuer: "minted", sub: "u1" })],
  ["GET", "/v1/issuers", (m) => m.issuers.list()],
  ["PUT", "/v1/issuers/school", (m) => m.issuers.put("school", { iss: "https://i.example", audiences: ["a"], jwks: { keys: [] } })],
  ["DELETE", "/v1/issuers/school", (m) => m.issuers.remove("school")],
  ["POST", "/v1/issuers/school/test", (m) => m.issuers.test("school", "a.b.c")],
  ["GET", "/v1/subjects?search=ada", (m) => m.subjects.list({ search: "ada" })],
  ["GET", "/v1/subjects/school/a%7Cb%2Fc", (m) => m.subjects.get("school", "a|b/c")],
  ["DELETE", "/v1/subjects/minted/u1", (m) => m.subjects.remove("minted", "u1")],
  ["GET", "/v1/public", (m) => m.public.list()],
  ["PUT", "/v1/public/metrics/shop_*", (m) => m.public.mark("metrics", "shop_*")],
  ["DELETE", "/v1/public/metrics/shop_*", (m) => m.public.unmark("metrics", "shop_*")],
  ["GET", "/v1/tenant/settings", (m) => m.settings.get()],
  ["PUT", "/v1/tenant/settings", (m) => m.settings.put(FIRST_SETTINGS, '"3"')],
  ["POST", "/v1/tenant/hosts/api.example.com/verify", (m) => m.settings.verifyHost("api.example.com")],
  ["POST", "/v1/tenant/mail-secret", (m) => m.settings.newMailSecret()],
  ["POST", "/v1/access/explain", (m) => m.access.explain({ who: { kind: "visitor" }, action: "metrics:read", name: "a" })],
  ["GET", "/v1/platform/key-ring", (m) => m.platform.keyRing()],
  ["GET", "/v1/platform/backups", (m) => m.platform.backups()],
  ["POST", "/v1/auth/sign-in/email", (m) => m.auth.signIn("a@b.example", "p")],
  ["POST", "/v1/auth/sign-up/email", (m) => m.auth.signUp({ name: "A", email: "a@b.example", password: "0123456789" })],
  ["POST", "/v1/auth/sign-out", (m) => m.auth.signOut()],
  ["GET", "/v1/auth/get-session", (m) => m.auth.session()],
  ["POST", "/v1/auth/organization/set-active", (m) => m.auth.useTenant("t2")],
  ["POST", "/v1/auth/change-password", (m) => m.auth.changePassword("a", "b")],
  ["GET", "/v1/auth/sessions", (m) => m.auth.sessions()],
  ["DELETE", "/v1/auth/sessions/s1", (m) => m.auth.endSession("s1")],
  ["DELETE", "/v1/auth/sessions", (m) => m.auth.endOtherSessions()],
  ["POST", "/v1/auth/two-factor/sign-in", (m) => m.auth.finishSignIn({ code: "123456" })],
  ["GET", "/v1/auth/two-factor", (m) => m.auth.twoFactor()],
  ["POST", "/v1/auth/two-factor/enable", (m) => m.auth.setUpTwoFactor("p")],
  ["POST", "/v1/auth/two-factor/verify", (m) => m.auth.verifyTwoFactor("123456")],
  ["POST", "/v1/auth/two-factor/disable", (m) => m.auth.disableTwoFactor("p")],
  ["POST", "/v1/auth/two-factor/backup-codes", (m) => m.auth.newBackupCodes("p")],
  ["GET", "/v1/auth/passkeys", (m) => m.auth.passkeys()],
  ["POST", "/v1/auth/passkeys/options", (m) => m.auth.passkeyOptions("p")],
  ["POST", "/v1/auth/passkeys", (m) => m.auth.addPasskey({ response: PASSKEY })],
  ["PATCH", "/v1/auth/passkeys/p%2F1", (m) => m.auth.renamePasskey("p/1", "Phone")],
  ["DELETE", "/v1/auth/passkeys/p1", (m) => m.auth.removePasskey("p1")],
  ["POST", "/v1/auth/sign-in/passkey/options", (m) => m.auth.passkeySignInOptions()],
  ["POST", "/v1/auth/sign-in/passkey", (m) => m.auth.signInWithPasskey({ response: PASSKEY_ANSWER })],
];

describe("Meridian", () => {
  it.each(CALLS)("[SD1] asks %s %s", async (method, path, call) => {
    const { server, meridian } = clientOf(json({ items: [] }));
    await call(meridian);
    expect([server.seen[0]?.init.method, server.seen[0]?.url]).toEqual([method, `https://m.example${path}`]);
  });

  it("[SD1] sends the configuration that was shown as If-Match, in the form of the route's ETag", async () => {
    const { server, meridian } = clientOf(json({}));
    await meridian.agents.configure("h", { labels: {} }, 7);
    expect(server.seen[0]?.headers.get("if-match")).toBe('"7"');
  });

  it.each(['"v7"', 'W/"v7"'])("[SD21] reads settings with their version, and replaces them under it: %s", async (etag) => {
    const view = { settings: FIRST_SETTINGS, hosts: [], mailSecretSet: false };
    const { server, meridian } = clientOf(
      json(view, 200, { etag }),
      json(view, 200, { etag: '"v8"' }),
      problem(412, "precondition-failed"),
    );
    const read = await meridian.settings.get();
    expect(read).toEqual({ ...view, version: '"v7"' });
    expect((await meridian.settings.put(read.settings, read.version)).version).toBe('"v8"');
    expect(server.seen[1]?.headers.get("if-match")).toBe('"v7"');
    await expect(meridian.settings.put(read.settings)).rejects.toMatchObject({ status: 412, slug: "precondition-failed" });
    expect(server.seen[2]?.headers.has("if-match")).toBe(false);
  });

  it("[SD2] carries a key as a bearer token and leaves cookies at home", async () => {
    const { server, meridian } = clientOf(json({}));
    await meridian.me();
    expect(server.seen[0]?.headers.get("authorization")).toBe("Bearer mrd_t_k_s");
    expect(server.seen[0]?.init.credentials).toBe("omit");
  });

  it("[SD2] without a key speaks to the page's own origin with its cookie", async () => {
    const server = fakeFetch(json({}));
    await new Meridian({ fetch: server.fetch }).me();
    expect(server.seen[0]?.url).toBe("/v1/me");
    expect(server.seen[0]?.headers.has("authorization")).toBe(false);
    expect(server.seen[0]?.init.credentials).toBe("same-origin");
  });

  it("[SD3] turns a problem document into an error that names the field", async () => {
    const { meridian } = clientOf(problem(400, "invalid-body", { errors: [{ pointer: "/name", detail: "is empty" }] }));
    const error = await meridian.keys.create({ name: "", scopes: ["metrics:read"] }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(MeridianError);
    expect(error).toMatchObject({ status: 400, slug: "invalid-body", detail: "detail of invalid-body", requestId: "req-1" });
    expect((error as MeridianError).fieldError("/name")).toBe("is empty");
    expect((error as MeridianError).fieldError("/scopes")).toBeUndefined();
  });

  it("[SD9] walks every item page after page, and asks only as far as it is read", async () => {
    const pages = [json({ items: [1, 2], nextCursor: "b" }), json({ items: [], nextCursor: "c" }), json({ items: [3], nextCursor: null })];
    const { server, meridian } = clientOf(...pages);
    const list = (page: object) => meridian.request<{ items: number[]; nextCursor: string | null }>("GET", "/v1/x", { query: { ...page } });
    const read: number[] = [];
    for await (const item of everyItem<number>(list, 2)) {
      if (item === 2) expect(server.seen).toHaveLength(1);
      read.push(item);
    }
    expect(read).toEqual([1, 2, 3]);
    expect(server.seen.map(({ url }) => url.split("?")[1])).toEqual(["limit=2", "limit=2&cursor=b", "limit=2&cursor=c"]);
  });
});
