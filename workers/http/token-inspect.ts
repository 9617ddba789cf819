import type { Explained } from "../../contract/subjects.ts";
import type { SubjectPrincipal } from "../../contract/principal.ts";
import { JwksError } from "./jwks-fetch.ts";
import { TOKEN_CHECKS, type TokenCheck, type TokenFailure } from "./token-checks.ts";
import { judgeToken, type TokenScene } from "./token-verify.ts";

/** What a token passed and where it failed, for those who may know. */
export interface Inspection {
  /** In order, up to the first that failed. */
  readonly checks: Explained["checks"];
  /** Whom it stands for; null when it failed. */
  readonly principal: SubjectPrincipal | null;
  readonly guest: boolean;
}

const PASSED: Readonly<Record<TokenCheck, string>> = {
  size: "It has at most 8 KiB.",
  form: "It is three parts of base64url with JSON in them.",
  header: "Its header asks for nothing that we do not do.",
  issuer: "Its issuer is known to this tenant.",
  algorithm: "The issuer signs with its algorithm.",
  key: "The issuer has the key that it names.",
  signature: "Its signature is by that key.",
  claims: "It has all claims it needs.",
  audience: "It is meant for here.",
  grants: "It carries no more grants than a token may.",
  time: "Its time has come and is not over.",
  revocation: "Nothing that was revoked stops it.",
};

/**
 * Judges a token as the tenant's door would and tells each check, up to the first that fails. Nothing is remembered of it.
 * @throws when the tenant's object cannot be read
 */
export async function inspectToken(text: string, scene: TokenScene & { readonly tenantId: string }): Promise<Inspection> {
  const { failure, principal, guest } = await judge(text, scene);
  const end = failure ? TOKEN_CHECKS.indexOf(failure.check) : TOKEN_CHECKS.length;
  const checks = TOKEN_CHECKS.slice(0, end).map((check) => ({ check: check as string, ok: true, detail: PASSED[check] }));
  if (failure) checks.push({ check: failure.check, ok: false, detail: failure.detail });
  return { checks, principal, guest };
}

async function judge(text: string, scene: TokenScene): Promise<Omit<Inspection, "checks"> & { failure?: TokenFailure }> {
  try {
    const { checked } = await judgeToken(text, scene);
    if (checked.ok) return { principal: checked.value.principal, guest: checked.value.guest };
    return { principal: null, guest: false, failure: checked.failure };
  } catch (error) {
    if (!(error instanceof JwksError)) throw error;
    return { principal: null, guest: false, failure: { check: "key", detail: `The address of the issuer's keys: ${error.message}.` } };
  }
}
