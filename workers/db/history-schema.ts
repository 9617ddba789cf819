import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * Tables of D1 `HISTORY`. Every event table is keyed by tenant first. The event table and the ones that are written per
 * batch are `WITHOUT ROWID`, which drizzle-kit cannot say: the generated SQL carries it by hand, a test holds it there.
 */

/** Lifecycle events, one row each, 30 days; older ones are in R2. Ids are UUIDv7, so id order is time order. */
export const controlEvent = sqliteTable(
  "control_event",
  {
    tenantId: text("tenant_id").notNull(),
    id: text("id").notNull(),
    /** The emitting object's name. */
    source: text("source").notNull(),
    seq: integer("seq").notNull(),
    type: text("type").notNull(),
    subject: text("subject").notNull(),
    /** Epoch milliseconds. */
    at: integer("at").notNull(),
    /** JSON. */
    data: text("data").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index("control_event_type").on(table.tenantId, table.type, table.id),
    index("control_event_subject").on(table.tenantId, table.subject, table.id),
  ],
);

/** What no consumer could take, with the body as it was. */
export const controlDeadLetter = sqliteTable(
  "control_dead_letter",
  {
    tenantId: text("tenant_id").notNull(),
    /** The event's id where the body names one, else the message's: a second failure of one event is the same dead letter. */
    id: text("id").notNull(),
    /** The queue message that failed last, so that a redelivered dead letter changes nothing. */
    messageId: text("message_id").notNull(),
    queue: text("queue").notNull(),
    eventId: text("event_id"),
    type: text("type"),
    subject: text("subject"),
    reason: text("reason").notNull(),
    attempts: integer("attempts").notNull(),
    /** Epoch milliseconds. */
    failedAt: integer("failed_at").notNull(),
    replayedAt: integer("replayed_at"),
    /** JSON. */
    body: text("body").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index("control_dead_letter_failed").on(table.tenantId, table.failedAt, table.id),
  ],
);

/** Aggregate events per hour, 400 days. */
export const controlEventCount = sqliteTable(
  "control_event_count",
  {
    tenantId: text("tenant_id").notNull(),
    type: text("type").notNull(),
    /** Epoch milliseconds of the hour's start. */
    hour: integer("hour").notNull(),
    events: integer("events").notNull(),
    /** Sum of `data.count`, or of ones where an event carries none. */
    amount: integer("amount").notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.type, table.hour] })],
);

/** Which sequence numbers of a source the hourly counts already hold: one row per source, so a redelivery counts nothing. */
export const controlEventCounted = sqliteTable(
  "control_event_counted",
  {
    tenantId: text("tenant_id").notNull(),
    source: text("source").notNull(),
    /** Ranges of seqs as `workers/consumers/seq-set.ts` writes them. */
    seqs: text("seqs").notNull(),
    /** Names the write that made this row, so that two consumers never both add to it. */
    writer: text("writer").notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.source] })],
);

/** Where each kind of sweep goes on; a sweep is bounded and resumes at the next hour. */
export const controlSweep = sqliteTable("control_sweep", {
  name: text("name").primaryKey(),
  /** The tenant that was swept last. */
  tenantId: text("tenant_id").notNull(),
});
