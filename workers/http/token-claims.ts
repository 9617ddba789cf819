import { z } from "@hono/zod-openapi";
import { SUB_PATTERN, SUBJECT_LIMITS } from "../../contract/subject-id.ts";

const second = z.number().min(0).max(1e12);
const sub = z.string().regex(SUB_PATTERN);

/** Issuers that are Meridian itself. */
const ourIssuer = z.enum(["minted", "hosted"]);
export type OurIssuer = z.infer<typeof ourIssuer>;

/**
 * Claims of a token that we made. Grants are read loosely: their rules are those of the release that made them, and a kind that this one
 * does not know allows nothing.
 */
export const ourClaimsSchema = z.object({
  sub,
  aud: z.string(),
  iat: second,
  exp: second,
  jti: z.string().min(1).max(100),
  mrd: z.object({
    v: z.literal(1),
    iss: ourIssuer,
    name: z.string().max(SUBJECT_LIMITS.nameChars),
    avatarUrl: z.string().max(SUBJECT_LIMITS.urlChars).nullable(),
    guest: z.boolean(),
    grants: z.array(z.object({ kind: z.string(), name: z.string(), actions: z.array(z.string()) })).max(SUBJECT_LIMITS.grants),
    /** Epoch milliseconds of its issue: `iat` is too coarse for "issued before this was revoked". */
    at: z.number().int(),
    /** The family of refresh handles that renews it. */
    fam: z.string().max(64).nullable(),
    /** The API key that minted it. */
    key: z.string().max(64).nullable(),
  }),
});
export type OurClaims = z.infer<typeof ourClaimsSchema>;

/** Claims that a tenant's own issuer must set. What else there is, its mapping reads. */
export const broughtClaimsSchema = z.object({
  sub,
  aud: z.union([z.string(), z.array(z.string())]),
  iat: second,
  exp: second,
  nbf: second.optional(),
  jti: z.string().optional(),
});

/** The `iss` of tokens that we make for a tenant. */
export function ourIss(publicUrl: string, tenantId: string, issuer: OurIssuer): string {
  return `${publicUrl}/p/${tenantId}/${issuer}`;
}
