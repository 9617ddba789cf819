/** What a tenant's plan allows. Limits that protect the platform itself are not here but beside their capability. */
export interface Plan {
  readonly title: string;
  /** Active API keys. */
  readonly keys: number;
  readonly members: number;
  readonly agents: number;
  /** Series that received a sample in the last 24 h. */
  readonly activeSeries: number;
  /** How long raw 5 s points are kept. */
  readonly rawRetentionMs: number;
}

const HOUR_MS = 3_600_000;

export const PLANS = {
  free: { title: "Free", keys: 20, members: 5, agents: 10, activeSeries: 5_000, rawRetentionMs: 24 * HOUR_MS },
  team: { title: "Team", keys: 200, members: 50, agents: 200, activeSeries: 50_000, rawRetentionMs: 24 * HOUR_MS },
  scale: { title: "Scale", keys: 1_000, members: 500, agents: 2_000, activeSeries: 500_000, rawRetentionMs: 24 * HOUR_MS },
} as const satisfies Record<string, Plan>;

export type PlanName = keyof typeof PLANS;
export const PLAN_NAMES = Object.keys(PLANS) as readonly PlanName[]; // the keys of a const object are its key type
