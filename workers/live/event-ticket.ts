import * as z from "zod";
import { grantKindOf } from "../../contract/grants.ts";
import { keyRing } from "../../contract/key-ring.ts";
import { type Action, ROLES } from "../../contract/permissions.ts";
import type { KnownPrincipal, SubjectPrincipal } from "../../contract/principal.ts";
import { accept, refuse } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";
import { accessOf } from "../http/access-cache.ts";
import { findKey } from "../http/key-cache.ts";
import type { CredentialReader } from "../http/route.ts";
import type { KeepAlive } from "../http/single-flight.ts";
import type { LivePrincipal, MadeTicket } from "./ticket.ts";

const PURPOSE = "event-ticket";
/** An EventSource repeats its address at each reconnect: the ticket in it is good for as long as this, and for one channel. */
export const EVENT_TICKET_MS = 600_000;

const common = { tenantId: z.string(), name: z.string(), credentialExpiresAt: z.number().optional() };
/** Somebody who may follow a channel, with what is needed to judge that again each time; nothing of it is a secret. */
const principalSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    ...common,
    kind: z.literal("operator"),
    userId: z.string(),
    sessionId: z.string(),
    email: z.literal(""),
    role: z.enum(ROLES),
    deploymentAdmin: z.literal(false),
  }),
  z.strictObject({ ...common, kind: z.literal("service"), keyId: z.string(), scopes: z.array(z.string()) }),
  z.strictObject({
    ...common,
    kind: z.literal("subject"),
    issuer: z.string(),
    sub: z.string(),
    ref: z.string(),
    avatarUrl: z.string().nullable(),
    grants: z.array(z.strictObject({ kind: z.string(), name: z.string(), actions: z.array(z.string()) })),
    tokenId: z.string(),
    familyId: z.string().nullable(),
    issuedAt: z.number(),
    credentialExpiresAt: z.number(),
  }),
]);
const claimsSchema = z.strictObject({ v: z.literal(1), principal: principalSchema, channel: z.string(), expiresAt: z.number() });

/** A ticket for one channel's events, good for ten minutes and any number of requests. It says no more than that channel needs. */
export async function makeEventTicket(
  env: EdgeEnv,
  principal: LivePrincipal,
  channel: string,
  action: Action,
  now: number,
): Promise<MadeTicket> {
  const expiresAt = now + EVENT_TICKET_MS;
  const claims = { v: 1, principal: reduced(principal, action), channel, expiresAt };
  return { ticket: await keyRing(env).sign(PURPOSE, new TextEncoder().encode(JSON.stringify(claims))), expiresAt };
}

function reduced(principal: LivePrincipal, action: Action): object {
  switch (principal.kind) {
    case "operator":
      return { ...principal, email: "", deploymentAdmin: false };
    case "service":
      return { ...principal, scopes: principal.scopes.filter((scope) => scope.split(":")[0] === action.split(":")[0]) };
    case "subject":
      return { ...principal, grants: principal.grants.filter(({ kind }) => kind === grantKindOf(action)) };
  }
}

/**
 * Reads `?ticket=` of a route of events; whatever else the request carries is not looked at then. That the credential behind it is still
 * good says {@link stillGood}.
 * @param channelOf the channel that the address is for
 */
export function eventTicket(channelOf: (url: URL) => string): CredentialReader {
  return async (request, env, now) => {
    const url = new URL(request.url);
    const ticket = url.searchParams.get("ticket");
    if (ticket === null) return null;
    const claims = await readClaims(env, ticket);
    const { expiresAt = 0, channel, principal } = claims ?? {};
    if (!principal || expiresAt <= now || channel !== channelOf(url)) {
      return refuse("unauthenticated", "The ticket is not valid here any more; get a new one.");
    }
    return accept(principal);
  };
}

async function readClaims(env: EdgeEnv, ticket: string): Promise<Claims | undefined> {
  const payload = await keyRing(env).verify(PURPOSE, ticket);
  if (!payload) return undefined;
  const parsed = claimsSchema.safeParse(JSON.parse(new TextDecoder().decode(payload))); // genuine, so JSON; a release may differ
  if (!parsed.success) return undefined;
  const { principal, ...claims } = parsed.data;
  const { credentialExpiresAt, ...who } = principal;
  const whole = credentialExpiresAt === undefined ? who : { ...who, credentialExpiresAt };
  return { ...claims, principal: whole as KnownPrincipal | SubjectPrincipal }; // absent stays absent: the same shape otherwise
}

interface Claims {
  readonly principal: KnownPrincipal | SubjectPrincipal;
  readonly channel: string;
  readonly expiresAt: number;
}

/**
 * Whether the credential that a ticket was made with would still be taken, minutes later.
 * @throws when that cannot be read
 */
export async function stillGood(
  principal: KnownPrincipal | SubjectPrincipal,
  { env, ctx, now }: { readonly env: EdgeEnv; readonly ctx: KeepAlive; readonly now: number },
): Promise<boolean> {
  if (principal.credentialExpiresAt !== undefined && principal.credentialExpiresAt <= now) return false;
  switch (principal.kind) {
    case "subject": {
      const access = await accessOf(env, ctx, principal.tenantId, now);
      return access !== null && access.revokedBy(principal) === undefined;
    }
    case "service": {
      const { key } = await findKey(env, ctx, principal.tenantId, principal.keyId, now);
      return key !== null && key.revokedAt === null && (key.expiresAt === null || key.expiresAt > now);
    }
    case "operator": {
      const found = await env.DB.prepare(
        `SELECT 1 FROM identity_session JOIN identity_member USING (user_id)
         WHERE identity_session.id = ?1 AND identity_session.expires_at > ?2 AND organization_id = ?3 AND role = ?4`,
      )
        .bind(principal.sessionId, now, principal.tenantId, principal.role)
        .first();
      return found !== null;
    }
  }
}
