import { z } from "@hono/zod-openapi";
import { keyRing } from "../../contract/key-ring.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { SigningKey } from "../../contract/rpc/access.ts";
import { readKid } from "../../contract/token-kid.ts";
import { accessOf } from "../http/access-cache.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";

/** Seconds that verifiers may hold a set: a new key is used when theirs is as old at most as this, and an old one stays for an hour. */
const MAX_AGE_S = 300;

const jwkSchema = z.object({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: z.string(),
  y: z.string(),
  kid: z.string(),
  alg: z.literal("ES256"),
  use: z.literal("sig"),
});
const jwksSchema = z.object({ keys: z.array(jwkSchema) });

/** The public keys of tokens that we made, for whoever wants to verify one by themselves. */
export function registerJwksRoutes(app: App): void {
  route(
    app,
    {
      method: "get",
      path: "/v1/jwks.json",
      action: "open",
      door: "also",
      tag: "control",
      summary: "Public keys of end users' tokens",
      description:
        "At a tenant's door all of its keys. Elsewhere say which by `kid`, as the token's header has it. ES256; verify `iss`, `aud` and `exp` as well.",
      query: z.object({ kid: z.string().min(1).max(200).optional() }),
      answer: { status: 200, schema: jwksSchema, headers: { "cache-control": `public, max-age=${MAX_AGE_S}` } },
      problems: ["invalid-parameter", "not-found"],
    },
    async ({ env, ctx, now, door, query }): Promise<Outcome<z.output<typeof jwksSchema>>> => {
      // A kid that this deployment did not make leads to no tenant, so asking costs nobody a lookup.
      const named = query.kid === undefined ? undefined : await readKid(keyRing(env), query.kid);
      const tenantId = door?.tenantId ?? named?.tenantId;
      if (query.kid === undefined && !door) return refuse("invalid-parameter", WHICH, { errors: [{ pointer: "?kid", detail: WHICH }] });
      const access = tenantId === undefined ? null : await accessOf(env, ctx, tenantId, now);
      const keys = (access?.signingKeys ?? []).map((key) => jwkOf(access?.tenantId ?? "", key));
      const wanted = query.kid === undefined ? keys : keys.filter(({ kid }) => kid === query.kid);
      return wanted.length > 0 || query.kid === undefined
        ? accept({ keys: wanted })
        : refuse("not-found", "There is no key of this id any more.");
    },
  );
}

const WHICH = "Say which key: `?kid=`, as the token's header has it. All keys of a tenant are at its door, `/p/{slug}/v1/jwks.json`.";

function jwkOf(tenantId: string, { keyId, jwk }: SigningKey): z.output<typeof jwkSchema> {
  const { kty, crv, x, y } = jwk;
  return { kty, crv, x, y, kid: `${tenantId}.${keyId}`, alg: "ES256", use: "sig" };
}
