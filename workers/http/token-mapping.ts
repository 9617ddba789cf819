import type { Grant } from "../../contract/grants.ts";
import type { Issuer } from "../../contract/issuers.ts";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";

type Claims = Readonly<Record<string, unknown>>;

/**
 * The claim of this name; else, for a name that begins with `/`, what an RFC 6901 pointer finds. Names come first, because those of
 * OpenID providers are often URLs and one may well begin so.
 */
export function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  if (!path.startsWith("/")) return undefined;
  let at: unknown = claims;
  for (const part of path.slice(1).split("/")) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Claims)[key]; // an array's own keys are its places
  }
  return at;
}

/** What a claim says for people, on one line and cut where a name has to end; else the `sub`, cut alike. */
export function mappedName(claims: Claims, path: string | null, sub: string): string {
  const value = path === null ? undefined : claimAt(claims, path);
  const text = typeof value === "string" ? value.replaceAll(/[\p{Cc}\p{Cs}]+/gu, " ").trim() : "";
  const whole = text === "" ? sub : text;
  return whole.length <= SUBJECT_LIMITS.nameChars ? whole : whole.slice(0, SUBJECT_LIMITS.nameChars).replace(/[\ud800-\udbff]$/, "");
}

/** An https address of bounded length, or none. */
export function mappedAvatarUrl(claims: Claims, path: string | null): string | null {
  const value = path === null ? undefined : claimAt(claims, path);
  if (typeof value !== "string" || value.length > SUBJECT_LIMITS.urlChars) return null;
  return URL.parse(value)?.protocol === "https:" ? value : null;
}

/** What everybody of the issuer gets, then what each rule adds whose claim is, or holds, its value. May be more than a token can have. */
export function mappedGrants(claims: Claims, { grants, rules }: Pick<Issuer["mapping"], "grants" | "rules">): readonly Grant[] {
  const added = rules.filter(({ claim, value }) => {
    const found = claimAt(claims, claim);
    return Array.isArray(found) ? found.includes(value) : found === value;
  });
  return added.length === 0 ? grants : [...grants, ...added.flatMap((rule) => rule.grants)];
}
