import * as z from "zod";
import type { KitStore } from "./store.ts";

const PREFIX = "kit/";
const LEDGER = `${PREFIX}schema/`;
const TIMER = `${PREFIX}timer/`;
const OUTBOX = `${PREFIX}outbox/`;
const RECORD = `${PREFIX}record/`;
const SEQ = `${PREFIX}seq`;
/** Digits of the largest exact integer, so that keys sort as their numbers do. */
const SEQ_DIGITS = 16;

const step = z.object({ id: z.number(), name: z.string(), hash: z.string(), additive: z.boolean() });
const timer = z.object({ name: z.string(), dueAt: z.number(), failures: z.number() });
const outboxRow = z.object({ seq: z.number(), at: z.number(), sentAt: z.number().nullable(), body: z.string() });
const record = z.object({
  actor: z.string(),
  key: z.string(),
  route: z.string(),
  bodyHash: z.string(),
  at: z.number(),
  answer: z.string().nullable(),
  withheld: z.enum(["secret", "size"]).nullable(),
});

/**
 * The kit's state under keys `kit/…`, for an object whose SQL belongs to its tenant: the platform keeps these keys in a
 * table that SQL cannot reach. Lists are read whole, so it is meant for objects with few open events and records.
 */
export function createKvStore(storage: Pick<DurableObjectStorage, "kv" | "sql" | "transactionSync">): KitStore {
  const { kv } = storage;
  const list = <T>(schema: z.ZodType<T>, prefix: string): T[] => [...kv.list({ prefix })].map(([, value]) => schema.parse(value));
  const outbox = () => list(outboxRow, OUTBOX);
  const sentBefore = (row: z.infer<typeof outboxRow>, resendBefore: number) => row.sentAt === null || row.sentAt <= resendBefore;
  const rowKey = (seq: number) => OUTBOX + String(seq).padStart(SEQ_DIGITS, "0");
  // Both parts come from outside: as JSON no pair reads like another.
  const recordKey = (actor: string, key: string) => RECORD + JSON.stringify([actor, key]);

  return {
    migrations: [],
    transaction: (work) => storage.transactionSync(work),
    apply: (up) => void storage.sql.exec(up).toArray(),
    ledger: {
      open: () => undefined,
      list: (scope) => (scope === "kit" ? list(step, `${LEDGER}kit/`) : list(step, `${LEDGER}object/`)),
      add: (scope, row) => kv.put(`${LEDGER}${scope}/${row.id}`, row),
    },
    meta: {
      get: (key) =>
        z
          .string()
          .optional()
          .parse(kv.get(`${PREFIX}meta/${key}`)),
      put: (key, value) => kv.put(`${PREFIX}meta/${key}`, value),
    },
    timers: {
      list: () => list(timer, TIMER),
      put: (row) => kv.put(TIMER + row.name, row),
      delete: (name) => void kv.delete(TIMER + name),
    },
    outbox: {
      append: (at, body) => {
        const seq = z.number().default(0).parse(kv.get(SEQ)) + 1;
        kv.put(SEQ, seq);
        kv.put(rowKey(seq), { seq, at, sentAt: null, body });
        return seq;
      },
      skip: (seqs) => kv.put(SEQ, z.number().default(0).parse(kv.get(SEQ)) + seqs),
      pending: (limit, resendBefore) =>
        outbox()
          .filter((row) => sentBefore(row, resendBefore))
          .slice(0, limit)
          .map(({ seq, at, body }) => ({ seq, at, body })),
      markSent: (seqs, at) => {
        for (const seq of seqs) {
          const row = kv.get(rowKey(seq));
          if (row !== undefined) kv.put(rowKey(seq), { ...outboxRow.parse(row), sentAt: at });
        }
      },
      delete: (seqs) => {
        for (const seq of seqs) kv.delete(rowKey(seq));
      },
      hasPending: (resendBefore) => outbox().some((row) => sentBefore(row, resendBefore)),
      oldestSentAt: () => least(outbox().map((row) => row.sentAt)),
      status: () => {
        const rows = outbox();
        return { depth: rows.length, oldestAt: rows[0]?.at ?? null };
      },
    },
    records: {
      get: (actor, key) => record.optional().parse(kv.get(recordKey(actor, key))),
      put: (row) => kv.put(recordKey(row.actor, row.key), row),
      sweep: (until, limit) => {
        const old = list(record, RECORD)
          .filter((row) => row.at <= until)
          .slice(0, limit);
        for (const row of old) kv.delete(recordKey(row.actor, row.key));
        return old.length;
      },
      oldestAt: () => least(list(record, RECORD).map((row) => row.at)),
    },
  };
}

function least(times: readonly (number | null)[]): number | null {
  return times.reduce((low, at) => (at === null || (low !== null && low <= at) ? low : at), null);
}
