/** What a tenant's plan allows. Limits that protect the platform itself are not here but beside their capability. */
export interface Plan {
  readonly title: string;
  /** Active API keys. */
  readonly keys: number;
  readonly members: number;
  readonly agents: number;
  /** Series that received a sample in the last 24 h. */
  readonly activeSeries: number;
  /** New series an hour: a label that explodes is stopped long before it has used up all active series. */
  readonly newSeriesPerHour: number;
  /** How long raw points are kept, then rollups of a minute and of an hour. */
  readonly rawRetentionMs: number;
  readonly minuteRetentionMs: number;
  readonly hourRetentionMs: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const KEPT = { rawRetentionMs: DAY_MS, minuteRetentionMs: 7 * DAY_MS, hourRetentionMs: 90 * DAY_MS } as const;

export const PLANS = {
  free: { title: "Free", keys: 20, members: 5, agents: 10, activeSeries: 5_000, newSeriesPerHour: 5_000, ...KEPT },
  team: { title: "Team", keys: 200, members: 50, agents: 200, activeSeries: 50_000, newSeriesPerHour: 20_000, ...KEPT },
  scale: { title: "Scale", keys: 1_000, members: 500, agents: 2_000, activeSeries: 500_000, newSeriesPerHour: 100_000, ...KEPT },
} as const satisfies Record<string, Plan>;

export type PlanName = keyof typeof PLANS;
export const PLAN_NAMES = Object.keys(PLANS) as readonly PlanName[]; // the keys of a const object are its key type
