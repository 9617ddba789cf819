import { z } from "@hono/zod-openapi";
import type { Grant } from "../../contract/grants.ts";
import { SUB_PATTERN, SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { type Checked, failed, passed } from "./token-checks.ts";

export type OurIssuer = "minted" | "hosted";

/** Claims of a token that we made. */
export interface OurClaims {
  readonly sub: string;
  readonly aud: string;
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
  readonly mrd: OurOwnClaims;
}

interface OurOwnClaims {
  readonly v: 1;
  readonly iss: OurIssuer;
  readonly name: string;
  readonly avatarUrl: string | null;
  readonly guest: boolean;
  readonly grants: readonly Grant[];
  /** Epoch milliseconds of its issue: `iat` is too coarse for "issued before this was revoked". */
  readonly at: number;
  /** The family of refresh handles that renews it. */
  readonly fam: string | null;
  /** The API key that minted it. */
  readonly key: string | null;
  /** `subjectRef` of its subject, so that nobody has to make it again; a release before this one left it out. */
  readonly ref?: string | undefined;
}

type Form<T> = { readonly [Name in keyof T]-?: (value: unknown) => boolean };

const isText =
  (max: number, min = 0) =>
  (value: unknown) =>
    typeof value === "string" && value.length >= min && value.length <= max;
const isTextOrNull = (max: number) => (value: unknown) => value === null || isText(max)(value);
const isSecond = (value: unknown) => typeof value === "number" && value >= 0 && value <= 1e12;

/**
 * Grants are read loosely: their rules are those of the release that made them, and a kind that this one does not know allows nothing.
 */
const isGrant = (value: unknown) =>
  isObject(value) && typeof value.kind === "string" && typeof value.name === "string" && isTexts(value.actions);
const isTexts = (value: unknown) => Array.isArray(value) && value.every((text) => typeof text === "string");

const MRD_FORM: Form<OurOwnClaims> = {
  v: (value) => value === 1,
  iss: (value) => value === "minted" || value === "hosted",
  name: isText(SUBJECT_LIMITS.nameChars),
  avatarUrl: isTextOrNull(SUBJECT_LIMITS.urlChars),
  guest: (value) => typeof value === "boolean",
  grants: (value) => Array.isArray(value) && value.length <= SUBJECT_LIMITS.grants && value.every(isGrant),
  at: Number.isSafeInteger,
  fam: isTextOrNull(64),
  key: isTextOrNull(64),
  ref: (value) => value === undefined || isText(64, 1)(value),
};

const OUR_FORM: Form<OurClaims> = {
  sub: (value) => typeof value === "string" && SUB_PATTERN.test(value),
  aud: (value) => typeof value === "string",
  iat: isSecond,
  exp: isSecond,
  jti: isText(100, 1),
  mrd: (value) => isObject(value),
};

/**
 * Claims of a token whose signature is ours, if all have the form that we give them. By hand: where no code may be made at run
 * time, as in a Worker, a schema takes 40 µs for this, a quarter of what a verification may cost.
 */
export function readOurClaims(claims: Readonly<Record<string, unknown>>): Checked<OurClaims> {
  const misfit = misfitIn(claims, OUR_FORM) ?? misfitIn(claims.mrd, MRD_FORM, "mrd.");
  return misfit === undefined ? passed(claims as unknown as OurClaims) : badClaim(misfit); // each of its members was looked at
}

function misfitIn<T>(value: unknown, form: Form<T>, prefix = ""): string | undefined {
  for (const name in form) if (!isObject(value) || !form[name](value[name])) return prefix + name;
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

const second = z.number().min(0).max(1e12);

export function badClaim(name: string): Checked<never> {
  return failed("claims", `Its claim \`${name}\` is missing or has another form.`);
}

/** Claims that a tenant's own issuer must set. What else there is, its mapping reads. */
export const broughtClaimsSchema = z.object({
  sub: z.string().regex(SUB_PATTERN),
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
