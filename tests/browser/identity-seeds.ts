import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { BrowserContext } from "playwright-core";
import { FIRST_SETTINGS, type TenantSettings } from "../../contract/settings.ts";
import { Meridian } from "../../sdk/client.ts";
import type { TestServer } from "../lib/server.ts";

/** Somebody else who signs tokens, with the set of keys that a tenant pastes. */
export interface ForeignIssuer {
  readonly iss: string;
  readonly audience: string;
  readonly jwks: string;
  /** A token of `sub` that ends so many seconds from now. */
  token(sub: string, endsInS?: number): Promise<string>;
}

export async function foreignIssuer(iss = "https://school.example"): Promise<ForeignIssuer> {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const audience = "meridian";
  return {
    iss,
    audience,
    jwks: JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256", use: "sig" }] }),
    token: async (sub, endsInS = 600) => {
      const nowS = Math.floor(Date.now() / 1_000);
      return await new SignJWT({ name: "Dora" })
        .setProtectedHeader({ alg: "ES256", kid: "k1" })
        .setIssuer(iss)
        .setAudience(audience)
        .setSubject(sub)
        .setIssuedAt(Math.min(nowS, nowS + endsInS - 60))
        .setExpirationTime(nowS + endsInS)
        .sign(privateKey);
    },
  };
}

/** Sends a change as the signed-in person of a context. @throws with the answer when it is no success */
export async function change(
  context: BrowserContext,
  server: Pick<TestServer, "url">,
  method: "put" | "post" | "delete",
  path: string,
  data?: unknown,
): Promise<void> {
  const answer = await context.request[method](`${server.url}${path}`, {
    headers: { origin: server.url, "content-type": "application/json" },
    ...(data === undefined ? {} : { data }),
  });
  if (!answer.ok()) throw new Error(`${method} ${path} answered ${answer.status()}: ${await answer.text()}`);
}

/** Settings of a door with accounts, guests and a host that is not proved yet. */
export const OPEN_DOOR: TenantSettings = {
  ...FIRST_SETTINGS,
  origins: ["https://shop.example.com"],
  hosts: ["play.a-rather-long-host-name.example.org"],
  defaultGrants: [{ kind: "metrics", name: "shop_stock", actions: ["read"] }],
  hostedAccounts: { enabled: true, guests: true, mailWebhookUrl: null },
};

/** Something for every page of identities: people of each kind, an issuer, public things, an open door. */
export async function seedIdentities(server: TestServer, context: BrowserContext): Promise<ForeignIssuer> {
  const client = new Meridian({ url: server.url, key: server.demo.apiKey });
  const school = await foreignIssuer();
  await change(context, server, "put", "/v1/tenant/settings", OPEN_DOOR);
  for (const name of ["shop_open", "status_*"]) await change(context, server, "put", `/v1/public/metrics/${name}`);
  await change(context, server, "put", "/v1/issuers/school", {
    iss: school.iss,
    audiences: [school.audience],
    jwks: JSON.parse(school.jwks),
    mapping: { name: "name", grants: [{ kind: "metrics", name: "shop_stock", actions: ["read"] }] },
  });
  for (const [sub, name] of [
    ["ada", "Ada Lovelace"],
    ["player|7/8?long#sub-of-somebody-that-goes-on-and-on-and-on", "A name that is as long as people like to have them in games"],
  ] as const) {
    await client.tokens.mint({ sub, name });
  }
  const at = Date.now() - 1_000;
  await client.metrics.ingest({
    samples: ["shop_open", "shop_stock", "shop_margin"].map((metric) => ({ metric, labels: {}, timestamp: at, value: 7 })),
  });
  return school;
}
