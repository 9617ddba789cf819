import { betterAuth } from "better-auth/minimal";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { organization } from "better-auth/plugins/organization";
import { drizzle } from "drizzle-orm/d1";
import { ACCESS_LIMITS } from "../../contract/access.ts";
import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import * as schema from "../db/schema.ts";
import type { EdgeEnv } from "../env.ts";
import { cookieOf, cookieSecret, SESSION_RENEW_S, SESSION_TTL_S } from "./auth-cookie.ts";
import { hashPassword, verifyPassword } from "./auth-password.ts";
import { firstTenantOf } from "./auth-store.ts";

/**
 * better-auth over our D1 tables. It keeps accounts, sessions and which tenant a session works on; who may sign up, who is
 * a member and how often one may try are ours, so most of its endpoints are never reachable (see auth-routes.ts).
 */
function createAuth(env: EdgeEnv, secret: string) {
  const cookie = cookieOf(env);
  const attributes = { httpOnly: true, sameSite: "lax", path: "/", secure: cookie.secure } as const;
  return betterAuth({
    appName: env.DEPLOYMENT_NAME,
    baseURL: env.PUBLIC_URL,
    basePath: "/v1/auth",
    secret,
    database: drizzleAdapter(drizzle(env.DB, { schema }), {
      provider: "sqlite",
      // D1 has no interactive transactions; what must be atomic is a batch of ours.
      transaction: false,
      schema: {
        user: schema.identityUser,
        session: schema.identitySession,
        account: schema.identityAccount,
        verification: schema.identityVerification,
        organization: schema.identityOrganization,
        member: schema.identityMember,
        invitation: schema.identityInvitation,
      },
    }),
    // A person and their password in one query: without it a known address costs one query more than an unknown one.
    experimental: { joins: true },
    emailAndPassword: {
      enabled: true,
      minPasswordLength: ACCESS_LIMITS.passwordMinChars,
      maxPasswordLength: ACCESS_LIMITS.passwordMaxChars,
      password: {
        hash: async (password) => hashPassword(password),
        verify: async ({ hash, password }) => verifyPassword(hash, password),
      },
    },
    // No cookie cache: a signed copy of the session in the browser would outlive its revocation.
    session: { expiresIn: SESSION_TTL_S, updateAge: SESSION_RENEW_S, freshAge: 0, cookieCache: { enabled: false } },
    plugins: [organization({ allowUserToCreateOrganization: false })],
    databaseHooks: {
      session: {
        create: {
          before: async (session) => ({ data: { ...session, activeOrganizationId: await firstTenantOf(env.DB, session.userId) } }),
        },
      },
    },
    // Ours are kept in objects, per account and per address.
    rateLimit: { enabled: false },
    advanced: {
      cookies: { session_token: { name: cookie.name, attributes } },
      defaultCookieAttributes: attributes,
      useSecureCookies: false,
      // The routes in front check Origin and content type of every unsafe method, more strictly than the library.
      disableCSRFCheck: true,
      disableOriginCheck: true,
      // It would read headers that anybody can send.
      ipAddress: { disableIpTracking: true },
      database: { generateId: () => uuidv7(Date.now(), cryptoRandom) },
    },
    telemetry: { enabled: false },
    logger: { level: "error", log: (level, message, ...details) => logFailure(level, message, details) },
  });
}

export type Auth = ReturnType<typeof createAuth>;

/** The library's failures, without what it was asked: a failed query names its parameters after the first line. */
function logFailure(level: string, message: string, details: readonly unknown[]): void {
  const errors = details.filter((detail) => detail instanceof Error);
  const causes = errors.map(({ cause, message: own }) => (cause instanceof Error ? cause.message : own).split("\n", 1)[0]);
  console.error(JSON.stringify({ level, event: "auth-library", message: message.split("\n", 1)[0], causes }));
}

const made = new WeakMap<D1Database, { readonly key: string; readonly auth: Auth }>();

/** The library, once per isolate and configuration. */
export async function authOf(env: EdgeEnv): Promise<Auth> {
  const secret = await cookieSecret(env);
  const key = [secret, env.PUBLIC_URL, env.DEPLOYMENT_NAME].join("\n");
  const known = made.get(env.DB);
  if (known?.key === key) return known.auth;
  const auth = createAuth(env, secret);
  made.set(env.DB, { key, auth });
  return auth;
}
