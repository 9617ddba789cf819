import { betterAuth } from "better-auth/minimal";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import type { BetterAuthPlugin } from "better-auth";
import { organization } from "better-auth/plugins/organization";
import { twoFactor } from "better-auth/plugins/two-factor";
import { drizzle } from "drizzle-orm/d1";
import { ACCESS_LIMITS } from "../../contract/access.ts";
import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import { FACTOR_LIMITS } from "../../contract/factor-limits.ts";
import * as schema from "../db/schema.ts";
import type { EdgeEnv } from "../env.ts";
import { COOKIE_ATTRIBUTES, cookieOf, SESSION_RENEW_S, SESSION_TTL_S } from "./auth-cookie.ts";
import { PASSKEY_COOKIE } from "./auth-passkey-party.ts";
import { hashPassword, verifyPassword } from "./auth-password.ts";
import { librarySecrets } from "./auth-secrets.ts";
import { firstTenantOf } from "./auth-store.ts";

/** How a caller's network reaches the session that is opened for them; set by `forward` and by nobody else. */
export const NETWORK_HEADER = "x-meridian-network";

/** The plugin's own name: it looks its cookie up by it. */
const TWO_FACTOR_COOKIE = "two_factor";

/**
 * better-auth over our D1 tables. It keeps accounts, sessions, second factors and which tenant a session works on; who may sign
 * up, who is a member and how often one may try are ours, so most of its endpoints are never reachable (see auth-routes.ts).
 */
function createAuth(env: EdgeEnv, secrets: { version: number; value: string }[], more: readonly BetterAuthPlugin[]) {
  const { secure } = cookieOf(env);
  const attributes = { ...COOKIE_ATTRIBUTES, secure } as const;
  return betterAuth({
    appName: env.DEPLOYMENT_NAME,
    baseURL: env.PUBLIC_URL,
    basePath: "/v1/auth",
    // The first signs and seals, the others open what they sealed before the key ring was rotated.
    secrets,
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
        twoFactor: schema.identityTwoFactor,
        passkey: schema.identityPasskey,
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
    plugins: [
      organization({ allowUserToCreateOrganization: false }),
      twoFactor({
        twoFactorCookieMaxAge: FACTOR_LIMITS.secondStepTtlS,
        // Its lock would keep the owner out for as long as somebody with the password goes on guessing: ours is counted in objects.
        accountLockout: { enabled: false },
      }),
      ...more,
    ],
    databaseHooks: {
      session: {
        create: {
          before: async (session, context) => ({
            data: {
              ...session,
              // One that takes the place of another stays where that one was.
              activeOrganizationId: tenantOf(session) ?? tenantOf(context?.context.session?.session) ?? (await firstTenantOf(env.DB, session.userId)), // prettier-ignore
              ipAddress: session.ipAddress || context?.headers?.get(NETWORK_HEADER) || null,
            },
          }),
        },
      },
    },
    // Ours are kept in objects, per account and per address.
    rateLimit: { enabled: false },
    advanced: {
      cookies: {
        session_token: { name: cookieOf(env, "session").name, attributes },
        [TWO_FACTOR_COOKIE]: { name: cookieOf(env, "secondStep").name, attributes },
        [PASSKEY_COOKIE]: { name: cookieOf(env, "passkey").name, attributes },
      },
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

function tenantOf(session: object | undefined): string | null {
  const id = session && "activeOrganizationId" in session ? session.activeOrganizationId : null;
  return typeof id === "string" && id !== "" ? id : null;
}

/** What a stranger can bring about at will: it is answered and noted as a refusal. */
const REFUSALS: ReadonlySet<string> = new Set(["Failed to verify registration", "Failed to verify authentication"]);

/** The library's failures, without what it was asked: a failed query names its parameters after the first line. */
function logFailure(level: string, text: string, details: readonly unknown[]): void {
  const [message = ""] = text.split("\n", 1);
  const errors = details.filter((detail) => detail instanceof Error);
  const causes = errors.map(({ cause, message: own }) => (cause instanceof Error ? cause.message : own).split("\n", 1)[0]?.slice(0, 200));
  console.error(JSON.stringify({ level: REFUSALS.has(message) ? "warn" : level, event: "auth-library", message, causes }));
}

interface Made {
  readonly key: string;
  readonly auth: Auth;
}

const made = { plain: new WeakMap<D1Database, Made>(), passkeys: new WeakMap<D1Database, Made>() };

/**
 * The library, once per isolate, configuration and key ring; with passkeys only for who asks for them: what reads those is as large
 * as all the rest, and would be started with every isolate.
 */
export async function authOf(env: EdgeEnv, part: keyof typeof made = "plain"): Promise<Auth> {
  const secrets = (await librarySecrets(env)).map(({ version, value }) => ({ version, value }));
  const key = JSON.stringify([secrets, env.PUBLIC_URL, env.DEPLOYMENT_NAME]);
  const known = made[part].get(env.DB);
  if (known?.key === key) return known.auth;
  const more = part === "passkeys" ? [(await import("./auth-passkey-plugin.ts")).passkeyPlugin(env)] : [];
  const auth = createAuth(env, secrets, more);
  made[part].set(env.DB, { key, auth });
  return auth;
}
