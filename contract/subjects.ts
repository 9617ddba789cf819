import * as z from "zod";
import { GRANT_KINDS } from "./grants.ts";
import { pageQuerySchema } from "./pages.ts";
import { ACTION_NAMES } from "./permissions.ts";
import { ISSUER_PATTERN, SUB_PATTERN, SUBJECT_LIMITS } from "./subject-id.ts";

/** One line for people, see contract/access.ts. */
const name = z
  .string()
  .trim()
  .min(1)
  .max(SUBJECT_LIMITS.nameChars)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, "must be printable text");
const avatarUrl = z
  .string()
  .max(SUBJECT_LIMITS.urlChars)
  .refine((text) => URL.parse(text)?.protocol === "https:", "must be an https address");
export const subSchema = z
  .string()
  .regex(SUB_PATTERN, `must be 1 to ${SUBJECT_LIMITS.subChars} printable ASCII characters without spaces, other than . and ..`);
export const issuerNameSchema = z.string().regex(ISSUER_PATTERN, "must begin with a letter and have lower-case letters, digits and dashes");

/** A thing's name, or a prefix with `*` at its end. */
export const thingNameSchema = z
  .string()
  .min(1)
  .max(SUBJECT_LIMITS.thingChars)
  .regex(/^[^*\p{Cc}\p{Cs}]*\*?$/u, "must be a name, or the beginning of names followed by one *");

export const grantSchema = z
  .strictObject({
    kind: z.string().max(32),
    name: thingNameSchema,
    actions: z.array(z.string().max(32)).min(1).max(SUBJECT_LIMITS.grantActions),
  })
  .superRefine((grant, context) => {
    const verbs = Object.hasOwn(GRANT_KINDS, grant.kind) ? GRANT_KINDS[grant.kind] : undefined;
    if (!verbs)
      return context.addIssue({ code: "custom", path: ["kind"], message: `must be one of: ${Object.keys(GRANT_KINDS).join(", ")}` });
    grant.actions.forEach((verb, at) => {
      if (!verbs.includes(verb))
        context.addIssue({ code: "custom", path: ["actions", at], message: `must be one of: ${verbs.join(", ")}` });
    });
  });
export const grantsSchema = z.array(grantSchema).max(SUBJECT_LIMITS.grants);

/** `POST /v1/tokens`. */
export const tokenMintSchema = z.strictObject({
  sub: subSchema,
  name: name.optional(),
  avatarUrl: avatarUrl.optional(),
  grants: grantsSchema.default([]),
  ttlSeconds: z.number().int().min(SUBJECT_LIMITS.tokenTtlMinS).max(SUBJECT_LIMITS.tokenTtlMaxS).default(SUBJECT_LIMITS.tokenTtlS),
});
export type TokenMint = z.infer<typeof tokenMintSchema>;

/** A token and what renews it. `refreshHandle` is null where it went into an HttpOnly cookie. */
export const tokenReplySchema = z.object({
  token: z.string(),
  expiresAt: z.iso.datetime(),
  subject: z.object({ issuer: z.string(), sub: z.string(), name: z.string(), guest: z.boolean() }),
  refreshHandle: z.string().nullable(),
});
export type TokenReply = z.infer<typeof tokenReplySchema>;

/** `mrr_{tenantId}_{place}_{familyId}_{secret}`: place is the number of the object that keeps the family. */
export const REFRESH_PATTERN = /^mrr_([a-z0-9-]{1,64})_([0-9]{1,3})_([a-z0-9-]{1,64})_([a-z0-9]{32,64})$/;

/** `POST /v1/tokens/refresh` (the handle is the proof) and `/p/{slug}/v1/subjects/refresh` (where a cookie may hold it). */
export const refreshSchema = z.strictObject({
  refreshHandle: z.string().max(300).regex(REFRESH_PATTERN, "must be a refresh handle").optional(),
});

/** `POST /v1/tokens/revocations`: exactly one way to say what. */
export const revocationSchema = z.discriminatedUnion("kind", [
  /** One token, by its `jti`. */
  z.strictObject({ kind: z.literal("token"), tokenId: z.string().min(1).max(100) }),
  /** Every token of one person, and what would renew them. */
  z.strictObject({ kind: z.literal("subject"), issuer: issuerNameSchema, sub: subSchema }),
  /** Every token of an issuer. */
  z.strictObject({ kind: z.literal("issuer"), issuer: issuerNameSchema }),
  /** Everyone signs in again. */
  z.strictObject({ kind: z.literal("tenant") }),
]);
export type RevocationRequest = z.infer<typeof revocationSchema>;
export const revokedSchema = z.object({
  /** Tokens issued up to here are refused; epoch milliseconds as RFC 3339. */
  before: z.iso.datetime(),
  /** Sockets that were closed at once. */
  closedSockets: z.number().int(),
});
export type Revoked = z.infer<typeof revokedSchema>;

const email = z.email().max(SUBJECT_LIMITS.emailChars);
const password = z.string().min(SUBJECT_LIMITS.passwordMinChars).max(SUBJECT_LIMITS.passwordMaxChars);
/** Where the refresh handle goes: into an HttpOnly cookie of this host, or into the answer. */
const keep = z.enum(["cookie", "answer"]).default("answer");

/** Of register, and of upgrade. */
export const registerSchema = z.strictObject({ email, password, name: name.optional() });
/** The answer of register and upgrade, the same whether or not the address has an account. */
export const registeredSchema = z.object({
  status: z.literal("verify"),
  /** Only on a demo: where the mailed link would lead. */
  verificationUrl: z.string().optional(),
});
/**
 * The mailed token, and once more the password that was chosen: whoever registered somebody else's address must not get an account
 * that its owner confirms with one click.
 */
export const verifySchema = z.strictObject({
  token: z.string().min(1).max(200),
  password: z.string().min(1).max(SUBJECT_LIMITS.passwordMaxChars),
  keep,
});
export const loginSchema = z.strictObject({ email, password: z.string().min(1).max(SUBJECT_LIMITS.passwordMaxChars), keep });
export const guestSchema = z.strictObject({ name: name.optional(), keep });
export const logoutSchema = z.strictObject({ everywhere: z.boolean().default(false), refreshHandle: z.string().max(300).optional() });
export const subjectPasswordSchema = z.strictObject({
  currentPassword: z.string().min(1).max(SUBJECT_LIMITS.passwordMaxChars),
  newPassword: password,
});

/** `GET /p/{slug}/v1/subjects/me`. */
export const subjectSelfSchema = z.object({
  issuer: z.string(),
  sub: z.string(),
  name: z.string(),
  avatarUrl: z.string().nullable(),
  /** Of a hosted account. */
  email: z.string().nullable(),
  guest: z.boolean(),
  grants: z.array(grantSchema),
  expiresAt: z.iso.datetime(),
});
export type SubjectSelf = z.infer<typeof subjectSelfSchema>;

/** A line of `GET /v1/subjects`. */
export const subjectSummarySchema = z.object({
  issuer: z.string(),
  sub: z.string(),
  /** What logs and events call it. */
  ref: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  guest: z.boolean(),
  createdAt: z.iso.datetime(),
  /** To the hour. */
  lastSeenAt: z.iso.datetime(),
});
export type SubjectSummary = z.infer<typeof subjectSummarySchema>;

export const subjectQuerySchema = pageQuerySchema.extend({
  /** The beginning of a name, an email address or a sub, without case. */
  search: z.string().min(1).max(100).optional(),
  issuer: issuerNameSchema.optional(),
});

export const subjectSchema = subjectSummarySchema.extend({
  emailVerified: z.boolean(),
  avatarUrl: z.string().nullable(),
  sessions: z.array(
    z.object({
      id: z.string(),
      createdAt: z.iso.datetime(),
      lastUsedAt: z.iso.datetime(),
      userAgent: z.string().nullable(),
      /** The API key that minted it. */
      keyId: z.string().nullable(),
    }),
  ),
});
export type Subject = z.infer<typeof subjectSchema>;

/** `POST /v1/access/explain`: for a subject's token, for grants as they would be, or for anybody at the door. */
export const explainSchema = z.strictObject({
  who: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("token"), token: z.string().min(1).max(SUBJECT_LIMITS.tokenBytes) }),
    z.strictObject({ kind: z.literal("grants"), grants: grantsSchema }),
    z.strictObject({ kind: z.literal("visitor") }),
  ]),
  action: z.enum(ACTION_NAMES),
  /** Left out: the action itself, whatever the thing. */
  name: thingNameSchema.optional(),
});
export const explainedSchema = z.object({
  allowed: z.boolean(),
  /** One sentence. */
  reason: z.string(),
  /** The grant that allows it, and its place; null when something else does. */
  grant: z.object({ at: z.number().int(), grant: grantSchema }).nullable(),
  /** The mark that makes the thing public. */
  public: z.object({ kind: z.string(), name: z.string() }).nullable(),
  /** The smallest grant that would allow it. */
  missing: grantSchema.nullable(),
  /** Every check of a token, in order, up to the first that failed. */
  checks: z.array(z.object({ check: z.string(), ok: z.boolean(), detail: z.string() })),
});
export type Explained = z.infer<typeof explainedSchema>;

/** `POST /v1/issuers/{name}/test`. */
export const tokenTestSchema = explainedSchema.pick({ checks: true }).extend({
  /** Whom the token is taken for; null when a check failed. */
  subject: z.object({ issuer: z.string(), sub: z.string(), name: z.string() }).nullable(),
});

/** `GET /v1/me` of an end user. */
export const meSubjectSchema = subjectSelfSchema.omit({ email: true, guest: true }).extend({
  kind: z.literal("subject"),
  /** `issuer|sub`. */
  id: z.string(),
  tenant: z.object({ id: z.string(), slug: z.string() }),
});
export type MeSubject = z.infer<typeof meSubjectSchema>;
