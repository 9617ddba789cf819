import { env } from "cloudflare:test";
import type { AuditEntry } from "../../contract/access.ts";
import { FIRST_SETTINGS, type TenantSettings } from "../../contract/settings.ts";
import type { TokenReply } from "../../contract/subjects.ts";
import { placeOfSubject } from "../http/objects.ts";
import { clearIsolateCaches } from "../http/isolate-caches.ts";
import { ask, type Asked, edgeEnv, seedTenant, type SeededTenant } from "./testing.ts";

const SYSTEM = { requestId: "seed", actor: "system", actorName: "system" };

export const PASSWORD = "a long enough phrase";
export const METRICS_GRANT = { kind: "metrics", name: "shop_*", actions: ["read"] };

/** A tenant with hosted accounts and guests, or with what a test wants different. Isolates know of it at once. */
export async function seedDoor(settings: Partial<TenantSettings> = {}, tenant?: SeededTenant): Promise<SeededTenant> {
  const made = tenant ?? (await seedTenant());
  await changeSettings(made, {
    ...FIRST_SETTINGS,
    defaultGrants: [METRICS_GRANT],
    hostedAccounts: { enabled: true, guests: true, mailWebhookUrl: null },
    ...settings,
  });
  return made;
}

export async function changeSettings(tenant: SeededTenant, settings: TenantSettings): Promise<void> {
  const put = await env.TENANT.getByName(`${tenant.tenantId}/tenant/main`).putSettings(settings, undefined, SYSTEM);
  if (!put.ok) throw new Error(put.problem.detail);
  clearIsolateCaches();
}

/** Asks a route of hosted accounts at the tenant's door. */
export async function atDoor({ slug }: SeededTenant, what: string, body?: unknown, more: Asked = {}): Promise<Response> {
  return await ask(`/p/${slug}/v1/subjects/${what}`, { ...(body === undefined ? {} : { body }), ...more });
}

/** The token in the link that a demo shows instead of mailing it. */
export async function linkToken(answer: Response): Promise<string> {
  const { verificationUrl } = await answer.json<{ verificationUrl?: string }>();
  const token = new URLSearchParams(new URL(verificationUrl ?? "").hash.slice(1)).get("verify");
  if (token === null) throw new Error("no link");
  return token;
}

const DEMO = { env: { DEMO: "true" } };

/** A hosted account that has used its link. */
export async function seedAccount(tenant: SeededTenant, email: string, name = "Ada"): Promise<TokenReply> {
  const asked = await atDoor(tenant, "register", { email, password: PASSWORD, name }, DEMO);
  const verified = await atDoor(tenant, "verify", { token: await linkToken(asked), password: PASSWORD });
  if (verified.status !== 200) throw new Error(await verified.text());
  return await verified.json<TokenReply>();
}

export async function seedGuest(tenant: SeededTenant): Promise<TokenReply> {
  const answer = await atDoor(tenant, "guest", {});
  if (answer.status !== 200) throw new Error(await answer.text());
  return await answer.json<TokenReply>();
}

/** The tenant's audit entries, newest first. */
export async function auditOf({ tenantId }: SeededTenant): Promise<AuditEntry[]> {
  const listed = await edgeEnv.TENANT.getByName(`${tenantId}/tenant/main`).listAudit({ limit: 200 });
  if (!listed.ok) throw new Error(listed.problem.detail);
  return listed.value.items;
}

/** The object that keeps a subject. */
export function subjectsObject({ tenantId }: Pick<SeededTenant, "tenantId">, issuer: string, sub: string) {
  return env.SUBJECTS.getByName(`${tenantId}/subjects/${placeOfSubject(issuer, sub)}`);
}
