import * as z from "zod";
import { ROLES, SCOPES } from "./permissions.ts";
import { PLAN_NAMES } from "./plans.ts";

export const ACCESS_LIMITS = {
  /** Characters of a key's or a tenant's name: one line in a table. */
  nameChars: 100,
  /** A key without an end is allowed; one with an end lives at most this long. */
  maxKeyDays: 3_650,
  /** Seconds an invitation link works. */
  invitationTtlS: 7 * 86_400,
  passwordMinChars: 10,
  passwordMaxChars: 128,
  /** CORS origins a tenant may list. */
  origins: 20,
} as const;

const id = z.string().min(1).max(64);
/** One line for people: control characters and halves of a surrogate pair would hide in tables, logs and terminals. */
const name = z
  .string()
  .trim()
  .min(1)
  .max(ACCESS_LIMITS.nameChars)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, "must be printable text");

/** An API key on the wire: `mrd_{tenantId}_{keyId}_{secret}`. Ids hold no underscore. */
export const API_KEY_PATTERN = /^mrd_([a-z0-9-]{1,64})_([a-z0-9-]{1,64})_([a-z0-9]{32,64})$/;

export const keyCreateSchema = z.strictObject({
  name,
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
  expiresAt: z.iso.datetime({ offset: true }).nullish(),
});
export type KeyCreate = z.infer<typeof keyCreateSchema>;

export const keySchema = z.object({
  id,
  name: z.string(),
  /** First characters, enough to recognise it in a configuration file. */
  hint: z.string(),
  scopes: z.array(z.string()),
  state: z.enum(["active", "expired", "revoked"]),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  expiresAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
  /** To the minute. */
  lastUsedAt: z.iso.datetime().nullable(),
});
export type Key = z.infer<typeof keySchema>;

/** The answer of a create: the only time the secret is shown. */
export const keyCreatedSchema = keySchema.extend({ secret: z.string() });
export type KeyCreated = z.infer<typeof keyCreatedSchema>;

export const memberSchema = z.object({
  id,
  userId: id,
  name: z.string(),
  email: z.string(),
  role: z.enum(ROLES),
  joinedAt: z.iso.datetime(),
});
export type Member = z.infer<typeof memberSchema>;

export const memberPatchSchema = z.strictObject({ role: z.enum(ROLES) });

export const invitationCreateSchema = z.strictObject({ email: z.email().max(254), role: z.enum(ROLES) });
export const invitationSchema = z.object({
  id,
  email: z.string(),
  role: z.enum(ROLES),
  state: z.enum(["pending", "accepted", "cancelled", "expired"]),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  /** Where the invited person signs up. Only in the answer of the create. */
  url: z.string().nullable(),
});
export type Invitation = z.infer<typeof invitationSchema>;

/** `POST /v1/auth/sign-up/email`: the deployment's first operator, and the tenant they own. Everyone else comes by invitation. */
export const signUpSchema = z.strictObject({
  name,
  email: z.email().max(254),
  password: z.string().min(ACCESS_LIMITS.passwordMinChars).max(ACCESS_LIMITS.passwordMaxChars),
  /** Left out: named after the person. */
  tenantName: name.optional(),
  /** Needed where `GET /v1/deployment` says so: a node that faces the internet made it at its start. */
  setupToken: z.string().max(200).optional(),
});
export type SignUp = z.infer<typeof signUpSchema>;

/** `POST /v1/auth/sign-in/email`. Any password may be tried; only the length is bounded. */
export const signInSchema = z.strictObject({
  email: z.email().max(254),
  password: z.string().min(1).max(ACCESS_LIMITS.passwordMaxChars),
});

/** The answer of a sign-in, of a sign-up and of `GET /v1/auth/get-session`. */
export const signedInSchema = z.object({ user: z.object({ id, name: z.string(), email: z.string() }) });
export type SignedIn = z.infer<typeof signedInSchema>;

/** The token of an invitation's link, `{PUBLIC_URL}/console/join?token=…`. */
const invitationToken = z.string().regex(/^[0-9a-z]{32,64}$/);

/** `POST /v1/invitations/preview` (open): the token goes into the body, so that no log holds it. */
export const invitationPreviewQuerySchema = z.strictObject({ token: invitationToken });
export const invitationPreviewSchema = z.object({
  tenantName: z.string(),
  email: z.string(),
  role: z.enum(ROLES),
  expiresAt: z.iso.datetime(),
  /** The invited address has an account: its owner signs in and then accepts, with no name and no password. */
  needsSignIn: z.boolean(),
});
export type InvitationPreview = z.infer<typeof invitationPreviewSchema>;

/** `POST /v1/invitations/accept` (open): a new person gives name and password and is signed in; a signed-in person gives neither. */
export const invitationAcceptSchema = z.strictObject({
  token: invitationToken,
  name: name.optional(),
  password: z.string().min(ACCESS_LIMITS.passwordMinChars).max(ACCESS_LIMITS.passwordMaxChars).optional(),
});
export const invitationAcceptedSchema = signedInSchema.extend({ tenantId: id, role: z.enum(ROLES) });
export type InvitationAccepted = z.infer<typeof invitationAcceptedSchema>;

export const auditEntrySchema = z.object({
  /** Position in the chain, from 1. */
  seq: z.number().int(),
  at: z.iso.datetime(),
  /** `user:{id}`, `key:{id}` or `system`. */
  actor: z.string(),
  actorName: z.string(),
  action: z.string(),
  target: z.string(),
  outcome: z.enum(["intent", "done", "failed", "denied"]),
  /** Why it was denied or failed, and what changed; never a secret. */
  detail: z.record(z.string(), z.unknown()),
  requestId: z.string(),
  hash: z.string(),
  previousHash: z.string(),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

export const auditVerifySchema = z.object({
  checked: z.number().int(),
  /** The first entry whose hash does not follow from its content and its predecessor; null when the chain holds. */
  firstBroken: z.number().int().nullable(),
  headSeq: z.number().int(),
  headHash: z.string(),
});
export type AuditVerification = z.infer<typeof auditVerifySchema>;

export const tenantSchema = z.object({
  id,
  slug: z.string(),
  name: z.string(),
  plan: z.enum(PLAN_NAMES),
  createdAt: z.iso.datetime(),
});
export type Tenant = z.infer<typeof tenantSchema>;

/** Whether the text is a web origin written as browsers write it. */
export function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === "https:" || url.protocol === "http:") && url.origin === text;
}

/** `GET /v1/me`: what the console needs to draw its frame. */
export const meSchema = z.object({
  kind: z.enum(["operator", "service"]),
  id,
  name: z.string(),
  email: z.string().nullable(),
  role: z.enum(ROLES).nullable(),
  actions: z.array(z.string()),
  tenant: tenantSchema,
  tenants: z.array(z.object({ id, slug: z.string(), name: z.string(), role: z.enum(ROLES) })),
  deploymentAdmin: z.boolean(),
});
export type Me = z.infer<typeof meSchema>;

/** `GET /v1/deployment` (open): what the sign-in page says. */
export const deploymentSchema = z.object({
  name: z.string(),
  version: z.string(),
  demo: z.boolean(),
  /** Whether the first operator can still sign up. */
  signUpOpen: z.boolean(),
  /** Whether that takes the node's setup token. */
  setupToken: z.boolean().optional(),
  /** Where passkeys work: they are bound to a host's name. Null on a deployment that has only an address. */
  passkeyOrigin: z.string().nullable(),
});
export type Deployment = z.infer<typeof deploymentSchema>;
