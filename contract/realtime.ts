import * as z from "zod";

// What operators see of live connections.

/** One open socket, as its object reported it last. */
export const connectionSchema = z.object({
  id: z.string(),
  /** `hub/2`, `room/lobby`. */
  object: z.string(),
  /** `subject:{ref}`, `key:{id}` or `user:{id}`. */
  actor: z.string(),
  /** The person's id where the object knows it. */
  subject: z.string().nullable(),
  channels: z.array(z.string()),
  openedAt: z.number().int(),
  /** Frames of the server a second, over the last report. */
  framesPerSecond: z.number(),
  /** Times that this person came back in the last hour, as the object saw it. */
  reconnects: z.number().int(),
  unreadBytes: z.number().int(),
  deflate: z.boolean(),
});
export type Connection = z.infer<typeof connectionSchema>;

/** What one active object reports, over the time since its last report. */
export const realtimeReportSchema = z.object({
  at: z.number().int(),
  overMs: z.number().int(),
  sockets: z.number().int(),
  opened: z.number().int(),
  closed: z.number().int(),
  /** By close code. */
  errors: z.record(z.string(), z.number().int()),
  sends: z.number().int(),
  deliveries: z.number().int(),
  flushes: z.number().int(),
  recoveries: z.number().int(),
  refusedRecoveries: z.number().int(),
  shed: z.number().int(),
  /** Before batching: what every publication alone would have been; after batching; after compression. */
  bytesSingle: z.number().int(),
  bytesBatched: z.number().int(),
  bytesSent: z.number().int(),
  /** Milliseconds from storing to acknowledgement of probes; upper bounds of `DELIVERY_BOUNDS_MS` and above. */
  delivery: z.array(z.number().int()),
  /** Publications that wait, by priority. */
  queued: z.object({ critical: z.number().int(), normal: z.number().int(), low: z.number().int() }),
  unreadBytes: z.number().int(),
  outboxDepth: z.number().int(),
  /** Statements that read very many rows, the worst few. */
  slowQueries: z.array(z.object({ name: z.string(), rows: z.number().int(), times: z.number().int() })),
  /** The busiest sockets, 100 at most. */
  connections: z.array(connectionSchema),
});
export type RealtimeReport = z.infer<typeof realtimeReportSchema>;
export const DELIVERY_BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000] as const;
export const REPORTED_CONNECTIONS = 100;

export const realtimeStatsSchema = z.object({
  at: z.number().int(),
  objects: z.number().int(),
  /** Sums over objects of what each reported last; rates a second. */
  sockets: z.number().int(),
  sendsPerSecond: z.number(),
  deliveriesPerSecond: z.number(),
  opensPerSecond: z.number(),
  recoveries: z.number().int(),
  refusedRecoveries: z.number().int(),
  shed: z.number().int(),
  errors: z.record(z.string(), z.number().int()),
  bytesSingle: z.number().int(),
  bytesBatched: z.number().int(),
  bytesSent: z.number().int(),
  delivery: z.object({ p50Ms: z.number().nullable(), p99Ms: z.number().nullable(), probes: z.number().int() }),
  queued: z.object({ critical: z.number().int(), normal: z.number().int(), low: z.number().int() }),
  unreadBytes: z.number().int(),
  outboxDepth: z.number().int(),
  slowQueries: z.array(z.object({ object: z.string(), name: z.string(), rows: z.number().int(), times: z.number().int() })),
  /** By object, the busiest first. */
  busiest: z.array(
    z.object({ object: z.string(), sockets: z.number().int(), sendsPerSecond: z.number(), deliveriesPerSecond: z.number() }),
  ),
});
export type RealtimeStats = z.infer<typeof realtimeStatsSchema>;
