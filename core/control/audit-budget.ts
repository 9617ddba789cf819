/**
 * How many refused attempts are written down. Anybody who knows a tenant's id can be refused as often as they like; without a
 * bound they would fill the log, and pay for it with the tenant's rows.
 */
export const DENIED_BUDGET = { perWindow: 60, windowMs: 3_600_000 } as const;

/** The running window: when it began (epoch ms) and how many denials it has taken. Stored beside the chain, so an eviction does not reset it. */
export interface DeniedWindow {
  readonly since: number;
  readonly count: number;
}

/** The window after one more denial, or undefined when it is full and the denial is only counted. */
export function spendDenied(window: DeniedWindow, now: number): DeniedWindow | undefined {
  const current = now - window.since >= DENIED_BUDGET.windowMs || now < window.since ? { since: now, count: 0 } : window;
  return current.count >= DENIED_BUDGET.perWindow ? undefined : { since: current.since, count: current.count + 1 };
}
