import * as z from "zod";

const nullableNumber = z.number().nullable();

/** One row per host: the card of the Command Center, and one item of a `metrics/all` push. */
export const hostSummarySchema = z.object({
  host: z.string(),
  /** Epoch milliseconds of the newest sample, by the sample's own clock. */
  lastSampleAt: z.number().int(),
  /** Epoch milliseconds when it was received: what state is judged by. */
  lastReceivedAt: z.number().int(),
  cpuRatio: nullableNumber,
  load1: nullableNumber,
  memoryUsedBytes: nullableNumber,
  memoryTotalBytes: nullableNumber,
  /** The fullest mounted disk. */
  diskUsedBytes: nullableNumber,
  diskTotalBytes: nullableNumber,
  /** Sums over interfaces, loopback left out. */
  receiveBytesPerSecond: nullableNumber,
  transmitBytesPerSecond: nullableNumber,
  uptimeSeconds: nullableNumber,
});
export type HostSummary = z.infer<typeof hostSummarySchema>;

export const hostSchema = hostSummarySchema.extend({
  state: z.enum(["online", "late", "offline"]),
  agentId: z.string().nullable(),
  agentVersion: z.string().nullable(),
  /** The last 5 minutes at 5 s (60 values), oldest first, for sparklines. */
  recent: z.object({
    startMs: z.number().int(),
    stepMs: z.number().int(),
    cpuRatio: z.array(nullableNumber),
    memoryRatio: z.array(nullableNumber),
    diskRatio: z.array(nullableNumber),
    networkBytesPerSecond: z.array(nullableNumber),
  }),
});
export type Host = z.infer<typeof hostSchema>;
