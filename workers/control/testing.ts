import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import type { KeyCreated } from "../../contract/access.ts";
import { cryptoRandom, randomText, uuidv7 } from "../../contract/ids.ts";
import type { Role } from "../../contract/permissions.ts";
import type { PlanName } from "../../contract/plans.ts";
import { app } from "../edge.ts";
import type { EdgeEnv } from "../env.ts";
import { signedCookie } from "./auth-cookie.ts";

/** The test's bindings as the edge knows them: objects by interface. */
export const edgeEnv = env as unknown as EdgeEnv; // the classes implement the interfaces

export interface Asked {
  readonly method?: string;
  readonly body?: unknown;
  /** A body that is no JSON; with its content type in `headers`. */
  readonly raw?: BodyInit;
  readonly cookie?: string;
  readonly key?: string;
  /** Our own unless given; null sends none. */
  readonly origin?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly env?: Partial<EdgeEnv>;
  /** Another origin than the public one, such as a tenant's host. */
  readonly base?: string;
}

/** Asks the real app as a browser or a program would, and waits for what it leaves running. */
export async function ask(
  path: string,
  { method, body, raw, cookie, key, origin, headers, env: changed, base }: Asked = {},
): Promise<Response> {
  const bindings = { ...edgeEnv, LOG_REQUESTS: "off", ...changed };
  const verb = method ?? (body === undefined && raw === undefined ? "GET" : "POST");
  const sent = new Headers(headers);
  if (origin !== null && verb !== "GET" && key === undefined) sent.set("origin", origin ?? bindings.PUBLIC_URL);
  if (cookie !== undefined) sent.set("cookie", cookie);
  if (key !== undefined) sent.set("authorization", `Bearer ${key}`);
  if (body !== undefined && !sent.has("content-type")) sent.set("content-type", "application/json");
  const request = new Request(`${base ?? bindings.PUBLIC_URL}${path}`, {
    method: verb,
    headers: sent,
    ...(body === undefined ? (raw === undefined ? {} : { body: raw }) : { body: JSON.stringify(body) }),
  });
  const ctx = createExecutionContext();
  const response = await app.fetch(request, bindings, ctx);
  await waitOnExecutionContext(ctx);
  return response;
}

export interface SeededTenant {
  readonly tenantId: string;
  readonly slug: string;
}

/** A tenant as a finished sign-up leaves it, without its people. */
export async function seedTenant(plan: PlanName = "team"): Promise<SeededTenant> {
  const tenantId = randomText(16, cryptoRandom);
  const slug = `t-${tenantId}`;
  await env.DB.prepare("INSERT INTO identity_organization (id, name, slug, created_at) VALUES (?, ?, ?, ?)")
    .bind(tenantId, `Tenant ${slug}`, slug, Date.now())
    .run();
  const made = await env.TENANT.getByName(`${tenantId}/tenant/main`).create(
    { slug, name: `Tenant ${slug}`, plan },
    { requestId: "seed", actor: "system", actorName: "system" },
  );
  if (!made.ok) throw new Error(made.problem.detail);
  return { tenantId, slug };
}

export interface SeededOperator extends SeededTenant {
  readonly userId: string;
  readonly memberId: string;
  readonly sessionId: string;
  readonly email: string;
  /** What a browser would send. */
  readonly cookie: string;
}

/** A person with this role who is signed in, in the given tenant or one of their own; no password is hashed for it. */
export async function seedOperator(role: Role, tenant?: SeededTenant, email?: string): Promise<SeededOperator> {
  const place = tenant ?? (await seedTenant());
  const now = Date.now();
  const [userId, memberId, sessionId] = [uuidv7(now, cryptoRandom), uuidv7(now, cryptoRandom), uuidv7(now, cryptoRandom)];
  const token = randomText(32, cryptoRandom);
  const address = email ?? `${userId}@example.com`;
  await env.DB.batch([
    env.DB.prepare(
      "INSERT INTO identity_user (id, name, email, email_verified, created_at, updated_at) VALUES (?1, ?2, ?3, 0, ?4, ?4)",
    ).bind(userId, `The ${role}`, address, now),
    env.DB.prepare("INSERT INTO identity_member (id, organization_id, user_id, role, created_at) VALUES (?, ?, ?, ?, ?)").bind(
      memberId,
      place.tenantId,
      userId,
      role,
      now,
    ),
    env.DB.prepare(
      `INSERT INTO identity_session (id, token, user_id, active_organization_id, expires_at, created_at, updated_at)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)`,
    ).bind(sessionId, token, userId, place.tenantId, now + 86_400_000, now),
  ]);
  const [cookie = ""] = (await signedCookie(edgeEnv, "session", token, 86_400)).split(";", 1);
  return { ...place, userId, memberId, sessionId, email: address, cookie };
}

/** An API key of the tenant, made by its object. */
export async function seedKey(
  tenant: SeededTenant,
  scopes: KeyCreated["scopes"],
): Promise<{ readonly id: string; readonly secret: string }> {
  const made = await env.TENANT.getByName(`${tenant.tenantId}/tenant/main`).createKey(
    { name: "seeded", scopes: scopes as never }, // the object takes any of SCOPES; tests name them as text
    { requestId: "seed", actor: "system", actorName: "system" },
  );
  if (!made.ok) throw new Error(made.problem.detail);
  return made.value;
}

/** The first line of each cookie that an answer sets, as a browser would send them back. */
export function cookiesOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((line) => line.split(";", 1)[0])
    .join("; ");
}
