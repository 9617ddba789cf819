/** What a limiter knows after counting a request. */
export interface RateState {
  /** The policy's name, such as `sign-in`; letters, digits and dashes. */
  readonly policy: string;
  /** Requests per window. */
  readonly quota: number;
  readonly windowS: number;
  readonly remaining: number;
  /** Seconds until the window or bucket has room again. */
  readonly resetS: number;
}

/** `RateLimit-Policy` and `RateLimit` as structured fields (draft-ietf-httpapi-ratelimit-headers-10). */
export function setRateLimit(headers: Headers, { policy, quota, windowS, remaining, resetS }: RateState): void {
  headers.append("ratelimit-policy", `"${policy}";q=${whole(quota)};w=${whole(windowS)}`);
  headers.append("ratelimit", `"${policy}";r=${whole(remaining)};t=${whole(resetS)}`);
}

/** Structured integers are whole and not negative here; a fraction of a second still has to be waited for. */
function whole(value: number): number {
  return Math.max(0, Math.ceil(value));
}
