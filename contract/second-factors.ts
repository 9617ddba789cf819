import * as z from "zod";
import { ACCESS_LIMITS, signedInSchema } from "./access.ts";
import { FACTOR_LIMITS } from "./factor-limits.ts";

// Second factors and sessions of operators (`/v1/auth/*`): what their bodies and answers look like.

/** Every change of a factor proves the password once more. */
export const passwordProofSchema = z.strictObject({ currentPassword: z.string().min(1).max(ACCESS_LIMITS.passwordMaxChars) });

const code = z.string().regex(/^\d{6}$/, "has six digits");
const backupCode = z.string().trim().min(1).max(32);

/** `POST /v1/auth/sign-in/email`: signed in, or asked for the code of the second factor. */
export const signInAnswerSchema = z.union([signedInSchema, z.object({ twoFactor: z.literal(true) })]);
export type SignInAnswer = z.infer<typeof signInAnswerSchema>;

/** `POST /v1/auth/two-factor/sign-in`: the code of the moment, or one of the backup codes, each of which works once. */
export const secondStepSchema = z.union([z.strictObject({ code }), z.strictObject({ backupCode })]);
export type SecondStep = z.infer<typeof secondStepSchema>;

export const twoFactorSchema = z.object({
  on: z.boolean(),
  /** Null while it is off. */
  backupCodesLeft: z.number().int().nullable(),
});
export type TwoFactor = z.infer<typeof twoFactorSchema>;

/** The only time that both are shown. Nothing is switched on until a code of it has been given back. */
export const twoFactorStartedSchema = z.object({
  /** `otpauth://totp/…`, as authenticator apps read it. */
  uri: z.string(),
  backupCodes: z.array(z.string()),
});
export type TwoFactorStarted = z.infer<typeof twoFactorStartedSchema>;

export const backupCodesSchema = z.object({ backupCodes: z.array(z.string()) });
export type BackupCodes = z.infer<typeof backupCodesSchema>;

/** `POST /v1/auth/two-factor/verify`: a code of the app shows that it was set up rightly. */
export const codeSchema = z.strictObject({ code });

const passkeyName = z
  .string()
  .trim()
  .min(1)
  .max(FACTOR_LIMITS.nameChars)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, "must be printable text");

export const passkeySchema = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.iso.datetime().nullable(),
  /** Whether a provider keeps it on several devices. */
  synced: z.boolean(),
});
export type Passkey = z.infer<typeof passkeySchema>;

export const passkeyPatchSchema = z.strictObject({ name: passkeyName });

/** What `PublicKeyCredential.parseCreationOptionsFromJSON` or `…RequestOptionsFromJSON` reads (WebAuthn level 3). */
export const webAuthnOptionsSchema = z.record(z.string(), z.unknown());
export type WebAuthnOptions = z.infer<typeof webAuthnOptionsSchema>;

const part = z
  .string()
  .min(1)
  .max(FACTOR_LIMITS.credentialChars)
  .regex(/^[A-Za-z0-9_-]+$/, "must be base64url");
const credential = { id: part, rawId: part, type: z.literal("public-key") };

/** What `credential.toJSON()` gives, as far as it is used. */
export const passkeyCreateSchema = z.strictObject({
  /** Left out: named after what keeps it. */
  name: passkeyName.optional(),
  response: z.object({
    ...credential,
    response: z.object({
      clientDataJSON: part,
      attestationObject: part,
      transports: z.array(z.string().regex(/^[a-z-]{1,20}$/)).max(10).optional(), // prettier-ignore
    }),
  }),
});
export type PasskeyCreate = z.infer<typeof passkeyCreateSchema>;

export const passkeySignInSchema = z.strictObject({
  response: z.object({
    ...credential,
    response: z.object({ clientDataJSON: part, authenticatorData: part, signature: part, userHandle: part.nullish() }),
  }),
});
export type PasskeySignIn = z.infer<typeof passkeySignInSchema>;

export const sessionSchema = z.object({
  id: z.string(),
  /** Whether it is the one that asks. */
  current: z.boolean(),
  tenantId: z.string().nullable(),
  /** `Firefox on Windows`, as far as the program says; null where it said nothing. */
  device: z.string().nullable(),
  /** The network it was opened from, shortened (`203.0.113.0/24`); null where nobody vouches for addresses. */
  network: z.string().nullable(),
  createdAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});
export type Session = z.infer<typeof sessionSchema>;
