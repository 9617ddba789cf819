import { env } from "cloudflare:workers";
import type { Scope } from "../../contract/permissions.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import { tenantOf } from "../http/objects.ts";
import { edgeEnv, testApp } from "../http/testing.ts";
import { registerAll } from "../routes.ts";

const META: CallMeta = { requestId: "test", actor: "system", actorName: "test" };

export interface TestTenant {
  readonly tenantId: string;
  /** A key with the scopes asked for, as a header value. */
  readonly authorization: string;
  readonly keyId: string;
  readonly call: (path: string, init?: RequestInit) => Promise<Response>;
}

/** A tenant of the test's own, with a key, and the whole app to call with it. */
export async function makeTenant(tenantId: string, scopes: readonly Scope[]): Promise<TestTenant> {
  await env.DB.prepare("INSERT INTO identity_organization (id, name, slug, created_at) VALUES (?1, ?1, ?1, 0)").bind(tenantId).run();
  const tenant = tenantOf({ env: edgeEnv, principal: { tenantId } });
  const created = await tenant.create({ slug: tenantId, name: tenantId, plan: "free" }, META);
  const key = await tenant.createKey({ name: "test", scopes: [...scopes] }, META);
  if (!created.ok || !key.ok) throw new Error(`the tenant ${tenantId} could not be made`);
  const authorization = `Bearer ${key.value.secret}`;
  const withKey = (given: HeadersInit | undefined): Headers => {
    const headers = new Headers(given);
    headers.set("authorization", authorization);
    return headers;
  };
  const { app, call } = testApp();
  registerAll(app);
  return {
    tenantId,
    authorization,
    keyId: key.value.id,
    call: async (path, init = {}) => await call(path, { ...init, headers: withKey(init.headers) }),
  };
}
