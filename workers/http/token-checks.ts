import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";

/** Everything that a token has to pass, in this order. What is checked later may rely on all before. */
export const TOKEN_CHECKS = [
  "size",
  "form",
  "header",
  "issuer",
  "algorithm",
  "key",
  "signature",
  "claims",
  "audience",
  "grants",
  "time",
  "revocation",
] as const;
export type TokenCheck = (typeof TOKEN_CHECKS)[number];

/** The check that a token failed. `detail` is for those who may test tokens, never for the one who sent it. */
export interface TokenFailure {
  readonly check: TokenCheck;
  readonly detail: string;
  /** A token that was good and only ended: its holder is told, to renew it. */
  readonly expired?: true;
}

export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: TokenFailure };

export function passed<T>(value: T): Checked<T> {
  return { ok: true, value };
}

export function failed(check: TokenCheck, detail: string): Checked<never> {
  return { ok: false, failure: { check, detail } };
}

/** Seconds since the epoch, as tokens have them. */
export interface TokenTimes {
  readonly iat: number;
  readonly exp: number;
  readonly nbf?: number | undefined;
}

/** Whether the token's time has come and not gone; clocks may differ by `clockSkewS`. @param now epoch milliseconds */
export function checkTimes({ iat, exp, nbf }: TokenTimes, maxLifeS: number, now: number): Checked<undefined> {
  const [nowS, skewS] = [now / 1_000, SUBJECT_LIMITS.clockSkewS];
  if (exp + skewS <= nowS) return { ok: false, failure: { check: "time", detail: `It expired at ${atSecond(exp)}.`, expired: true } };
  if (nbf !== undefined && nbf - skewS > nowS) return failed("time", `It is not valid before ${atSecond(nbf)}.`);
  if (iat - skewS > nowS) return failed("time", `It says it was issued at ${atSecond(iat)}, which has yet to come.`);
  const lifeS = exp - iat;
  if (lifeS <= 0) return failed("time", "It ends before it was issued.");
  if (lifeS > maxLifeS) return failed("time", `It lives ${lifeS} s; ${maxLifeS} s is the most.`);
  return passed(undefined);
}

/** A second of the epoch for people. Tokens can hold any number. */
function atSecond(second: number): string {
  const date = new Date(second * 1_000);
  return Number.isNaN(date.getTime()) ? `${second} s` : date.toISOString();
}
