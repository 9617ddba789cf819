import { exportJWK, generateKeyPair } from "jose";
import { WorkerEntrypoint } from "cloudflare:workers";
import { keyRing } from "../../contract/key-ring.ts";
import { FIRST_SETTINGS } from "../../contract/settings.ts";
import { signingKeyId } from "../../contract/token-kid.ts";
import { accessOf } from "../../workers/http/access-cache.ts";
import { createApp } from "../../workers/http/app.ts";
import { route } from "../../workers/http/define-route.ts";
import { mintToken } from "../../workers/http/token-mint.ts";

// The platform's own request path with two routes that differ in nothing but who may come, and a tenant whose object is a variable:
// what a call of an object costs is not what is measured here, only how often there is one.

const TENANT_ID = "bench";
const state = { calls: 0, snapshot: undefined };
const app = createApp();
const spec = { method: "get", tag: "bench", summary: "bench", answer: { status: 200 } };
route(app, { ...spec, path: "/v1/bare", action: "open" }, async () => Response.json({ ok: true }));
route(app, { ...spec, path: "/v1/guarded", action: "self:read", subjects: "self" }, async () => Response.json({ ok: true }));

async function snapshot(env) {
  const ring = keyRing(env);
  const pair = await generateKeyPair("ES256", { extractable: true });
  const { x, y } = await exportJWK(pair.publicKey);
  const plain = new TextEncoder().encode(JSON.stringify(await exportJWK(pair.privateKey)));
  const keyId = await signingKeyId(ring, ring.current, TENANT_ID, 1);
  const key = { keyId, jwk: { kty: "EC", crv: "P-256", x, y }, sealed: await ring.encrypt("signing-key", plain), until: null };
  const config = { slug: "bench", settings: FIRST_SETTINGS, issuers: [], publicThings: [], signingKeys: [key] };
  return { keysVersion: 1, configVersion: 1, config, revocations: [], revocationSeq: 0, more: false };
}

export class Bench extends WorkerEntrypoint {
  async fetch(request) {
    const TENANT = { getByName: () => ({ access: async () => (state.calls++, state.snapshot) }) };
    const env = { ...this.env, TENANT };
    const url = new URL(request.url);
    if (url.pathname.startsWith("/v1/")) return await app.fetch(request, env, this.ctx);
    state.snapshot ??= await snapshot(this.env);
    if (url.pathname === "/calls") return Response.json({ calls: state.calls });
    const { signingKeys } = state.snapshot.config;
    if (url.pathname === "/jwks")
      return Response.json({ keys: signingKeys.map(({ jwk, keyId }) => ({ ...jwk, kid: `${TENANT_ID}.${keyId}`, alg: "ES256" })) });
    const access = await accessOf(env, this.ctx, TENANT_ID, Date.now());
    const grants = ["shop_*", "board_main", "room_lobby"].map((name) => ({ kind: "metrics", name, actions: ["read"] }));
    const who = { tenantId: TENANT_ID, issuer: "minted", avatarUrl: null, guest: false, grants, familyId: null, keyId: "k1" };
    const tokens = [];
    for (let n = 0; n < Number(url.searchParams.get("count")); n++) {
      const { token } = await mintToken(env, access, { ...who, sub: `user-${n}`, name: `User ${n}` }, 3_600, Date.now());
      tokens.push(token);
    }
    return Response.json(tokens);
  }
}

export default {};
