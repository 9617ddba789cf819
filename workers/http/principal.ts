import { API_KEY_PATTERN } from "../../contract/access.ts";
import { type AnyPrincipal, type KnownPrincipal, type OperatorPrincipal, actorNameOf, actorOf, may } from "../../contract/principal.ts";
import { type Action, ACTIONS } from "../../contract/permissions.ts";
import { type Outcome, accept, refuse } from "../../contract/problems.ts";
import type { StoredKey } from "../../contract/rpc/tenant.ts";
import type { EdgeEnv } from "../env.ts";
import { checkCookieRequest } from "./browser.ts";
import { type DenialReason, noteDenial } from "./denials.ts";
import { findKey } from "./key-cache.ts";
import { noteKeyUse } from "./key-use.ts";
import { type LogSink, errorLine } from "./log.ts";
import { TooManyGuesses } from "./miss-budget.ts";
import type { Door, RequestContext } from "./request-context.ts";
import type { CredentialReader } from "./route.ts";
import { digestOfSecret, rememberDigest, rememberedDigest } from "./secret-digests.ts";
import type { KeepAlive } from "./single-flight.ts";
import { subjectFromToken, visitorAt } from "./subject-principal.ts";
import { isTokenShaped } from "./token-format.ts";
import { tenantExists } from "./tenants.ts";

/** Who is behind the session cookie; null when there is none or it is no longer good. */
export type SessionReader = (request: Request, env: EdgeEnv) => Promise<OperatorPrincipal | null>;

/** What authentication needs of the request's surroundings. */
export interface Scene {
  readonly env: EdgeEnv;
  readonly ctx: KeepAlive;
  readonly context: RequestContext;
  /** At a tenant's door a request has a subject's token or nothing: no key and no cookie of an operator counts there. */
  readonly door?: Door | undefined;
  readonly now: number;
  readonly sessionPrincipal: SessionReader;
  readonly log: LogSink;
}

const WAIT = "Too many unknown credentials were tried lately. Wait, then try again.";
const ONLY_TOKENS = "At a tenant's door only the token of an end user counts, sent as `Authorization: Bearer …`.";
const NO_CREDENTIAL = "Send a valid API key as `Authorization: Bearer mrd_…`, or sign in to the console.";

/**
 * Who is asking. A key or token in a header decides alone; the session cookie counts only without one, and only from our own
 * pages. At a door it is a subject or a visitor, never anybody else.
 * Refusals look alike from outside, whatever their reason; what cannot be checked is `unavailable`.
 */
export async function authenticate(
  request: Request,
  scene: Scene,
  ownReader: CredentialReader | undefined,
): Promise<Outcome<AnyPrincipal>> {
  try {
    const own = (await ownReader?.(request, scene.env, scene.now)) ?? null;
    if (own) return own.ok ? atItsDoor(identified(own.value, scene), scene) : own;
    const sent = sentCredential(request.headers);
    if (sent?.bearer && isTokenShaped(sent.text)) {
      const subject = await subjectFromToken(sent.text, scene);
      return subject.ok ? identified(subject.value, scene) : subject;
    }
    if (scene.door) return sent ? refuse("unauthenticated", ONLY_TOKENS) : identified(await visitorAt(scene.door, scene), scene);
    if (sent) return await fromKey(sent.text, scene);
    const operator = request.headers.has("cookie") ? await scene.sessionPrincipal(request, scene.env) : null;
    if (!operator) return refuse("unauthenticated", NO_CREDENTIAL);
    identified(operator, scene);
    const fromOwnPage = checkCookieRequest(request, new URL(request.url), scene.env);
    if (fromOwnPage.ok) return accept(operator);
    if (fromOwnPage.problem.slug === "origin-not-allowed") deny(operator, "wrong-origin", undefined, scene);
    return fromOwnPage;
  } catch (error) {
    if (error instanceof TooManyGuesses) return refuse("rate-limited", WAIT, { retryAfterS: error.retryAfterMs / 1_000 });
    scene.log(errorLine(scene.context, error, scene.now));
    return refuse("unavailable", "The credential cannot be checked right now. Try again.", { retryAfterS: 1 });
  }
}

/** A route's own proof counts at the door of its tenant only, and only that of an end user. */
function atItsDoor<P extends AnyPrincipal>(who: Outcome<P>, { door }: Scene): Outcome<P> {
  if (!door || !who.ok) return who;
  return who.value.kind === "subject" && who.value.tenantId === door.tenantId ? who : refuse("unauthenticated", ONLY_TOKENS);
}

/** Whether the principal may do this, whatever the thing; a refusal is noted in the tenant's audit log, but for a stranger's. */
export function authorize(principal: AnyPrincipal, action: Action, scene: Scene): Outcome<undefined> {
  if (may(principal, action)) return accept(undefined);
  if (principal.kind !== "visitor") deny(principal, REASONS[principal.kind], action, scene);
  return refuse("forbidden", wayOut(principal, action));
}

const REASONS = { service: "wrong-scope", operator: "wrong-role", subject: "not-for-subjects" } as const;

function wayOut(principal: AnyPrincipal, action: Action): string {
  const { scope, roles } = ACTIONS[action];
  if (principal.kind === "subject" || principal.kind === "visitor") return `End users may not do ${action}.`;
  if (principal.kind === "service") {
    return scope ? `This key lacks the scope ${action}. Use a key that has it.` : `No key may do ${action}: sign in to the console.`;
  }
  return roles.length > 0
    ? `Your role does not include ${action}. Ask an owner or admin.`
    : `${action} is not for roles: use a key with that scope.`;
}

/** Notes a refusal of somebody who is known, within the limits of notes. */
export function deny(principal: AnyPrincipal, reason: DenialReason, action: Action | undefined, { env, ctx, context, now }: Scene): void {
  const { tenantId } = principal;
  noteDenial(
    env,
    ctx,
    context,
    { tenantId, reason, actor: actorOf(principal), actorName: actorNameOf(principal), ...(action ? { action } : {}) },
    now,
  );
}

/** A credential that the caller chose to send, unlike a cookie. */
interface SentCredential {
  readonly bearer: boolean;
  /** Of Bearer, the password of Basic, or `x-api-key`. Empty when a header is there and holds none. */
  readonly text: string;
}

function sentCredential(headers: Headers): SentCredential | undefined {
  const authorization = headers.get("authorization");
  const apiKey = headers.get("x-api-key");
  if (authorization === null) return apiKey === null ? undefined : { bearer: false, text: apiKey.trim() };
  const [, scheme = "", value = ""] = /^(\S+) +(\S+)$/.exec(authorization.trim()) ?? [];
  if (scheme.toLowerCase() === "bearer") return { bearer: true, text: value };
  return { bearer: false, text: scheme.toLowerCase() === "basic" ? passwordOf(value) : "" };
}

function passwordOf(basic: string): string {
  try {
    const text = atob(basic);
    return text.slice(text.indexOf(":") + 1);
  } catch {
    return ""; // not base64: no credential of ours
  }
}

async function fromKey(token: string, scene: Scene): Promise<Outcome<KnownPrincipal>> {
  const { env, ctx, now } = scene;
  const [, tenantId = "", keyId = "", secret = ""] = API_KEY_PATTERN.exec(token) ?? [];
  if (secret === "" || !(await tenantExists(env, ctx, tenantId, now))) return refuse("unauthenticated", NO_CREDENTIAL);
  const { key, origins } = await findKey(env, ctx, tenantId, keyId, now);
  const digest = rememberedDigest(secret, now) ?? (await digestOfSecret(secret));
  const reason = refusalOf(key, digest, now);
  if (reason !== undefined) {
    noteDenial(env, ctx, scene.context, { tenantId, reason, actor: `key:${keyId}`, actorName: key?.name ?? "unknown key" }, now);
    scene.context.tenantId = tenantId;
    return refuse("unauthenticated", NO_CREDENTIAL);
  }
  rememberDigest(secret, digest, now);
  scene.context.origins = origins;
  noteKeyUse(env, ctx, tenantId, keyId, now);
  return identified({ kind: "service", tenantId, keyId, name: key?.name ?? "", scopes: key?.scopes ?? [] }, scene);
}

// Compared against when there is no key, so that an unknown id takes as long as a wrong secret.
const NO_HASH = "0".repeat(64);
const encoder = new TextEncoder();

/** Why this stored key does not let the secret in; undefined when it does. The secret is judged first: state is told only to its holder. */
function refusalOf(key: StoredKey | null, given: Uint8Array, now: number): DenialReason | undefined {
  const stored = encoder.encode((key?.secretHash ?? NO_HASH).padEnd(NO_HASH.length).slice(0, NO_HASH.length));
  const equal = crypto.subtle.timingSafeEqual(given, stored);
  if (key === null) return "unknown-key";
  if (!equal) return "wrong-secret";
  if (key.revokedAt !== null) return "revoked-key";
  if (key.expiresAt !== null && key.expiresAt <= now) return "expired-key";
  return undefined;
}

function identified<P extends AnyPrincipal>(principal: P, { context }: Scene): Outcome<P> {
  context.tenantId = principal.tenantId;
  context.actor = actorOf(principal);
  return accept(principal);
}
