import * as z from "zod";
import { type Outcome, accept, refuse } from "../../contract/problems.ts";
import { ISSUER_PATTERN, SUB_PATTERN, SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { SUBJECT_STORE_LIMITS as LIMITS } from "./subject-limits.ts";

// What a Subjects object takes. The edge has parsed all of it against the contract; this keeps a caller with a mistake from
// filling an object that strangers' requests reach.

const digest = z.string().min(1).max(LIMITS.digestChars);
const hash = z.string().regex(new RegExp(`^[0-9a-f]{${LIMITS.hashChars}}$`));
const sub = z.string().regex(SUB_PATTERN);
const name = z.string().max(SUBJECT_LIMITS.nameChars);
const avatarUrl = z.string().max(SUBJECT_LIMITS.urlChars).nullable();
const familyId = z.string().min(1).max(LIMITS.familyIdChars);
const who = z.object({ issuer: z.string().regex(ISSUER_PATTERN), sub });
const grant = z.object({
  kind: z.string().max(SUBJECT_LIMITS.issuerChars),
  name: z.string().max(SUBJECT_LIMITS.thingChars),
  actions: z.array(z.string().max(SUBJECT_LIMITS.issuerChars)).max(SUBJECT_LIMITS.grantActions),
});
const claimId = z.string().min(1).max(LIMITS.claimIdChars);
const pending = z.object({
  sub,
  email: z.string().min(1).max(SUBJECT_LIMITS.emailChars),
  emailDigest: digest,
  passwordHash: z.string().min(1).max(LIMITS.passwordHashChars),
  name,
});

export const SUBJECT_INPUT = {
  attempt: z.object({ emailDigest: digest, place: digest }),
  who,
  guest: z.object({ sub, name }),
  verification: z.object({ pending, tokenHash: hash, link: z.string().min(1).max(LIMITS.linkChars) }),
  claimed: pending.extend({ claimId, claimedAt: z.number().int().nonnegative() }),
  claim: z.object({ sub, emailDigest: digest, claimId }),
  password: z.object({ sub, passwordHash: pending.shape.passwordHash }),
  seen: who.extend({ name, avatarUrl }),
  family: who.extend({
    familyId,
    name,
    avatarUrl,
    guest: z.boolean(),
    minted: z.object({ keyId: z.string().max(LIMITS.keyIdChars), grants: z.array(grant).max(SUBJECT_LIMITS.grants) }).nullable(),
    ttlSeconds: z.number().int().min(SUBJECT_LIMITS.tokenTtlMinS).max(SUBJECT_LIMITS.tokenTtlMaxS),
    secretHash: hash,
    userAgent: z
      .string()
      .nullable()
      .transform((text) => text?.slice(0, LIMITS.userAgentChars) ?? null),
  }),
  rotation: z.object({ familyId, secretHash: hash, nextSecretHash: hash }),
} as const;

/** The value as the schema has it, or a refusal that names the field and shows nothing of what was in it. */
export function checked<T>(schema: z.ZodType<T>, value: unknown): Outcome<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return accept(parsed.data);
  const errors = parsed.error.issues.map(({ path }) => ({
    pointer: `/${path.map(String).join("/")}`,
    detail: "is not of the expected size or form",
  }));
  return refuse("bad-request", "A part of this is too long or has another form than it should.", { errors });
}
