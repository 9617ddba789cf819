import * as z from "zod";
import { placeOfRecord, RECORD_PLACES } from "./record-places.ts";
import type { KitStore } from "./store.ts";
import type { Migration } from "./object-kit.ts";

const MIGRATIONS: readonly Migration[] = [
  {
    id: 1,
    name: "kit tables",
    additive: true,
    // Records have no index by time: a sweep an hour reads more rows, but reading costs a thousandth of writing.
    up: `
      CREATE TABLE kit_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE kit_timer (name TEXT PRIMARY KEY, due_at INTEGER NOT NULL, failures INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE kit_outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, sent_at INTEGER, body TEXT NOT NULL);
      CREATE TABLE kit_record (
        actor TEXT NOT NULL, key TEXT NOT NULL, route TEXT NOT NULL, body_hash TEXT NOT NULL, at INTEGER NOT NULL,
        answer TEXT, withheld TEXT, PRIMARY KEY (actor, key)
      ) WITHOUT ROWID;`,
  },
  {
    id: 2,
    name: "records by place",
    additive: true,
    // A row of a table without rowid keeps a kilobyte with its key and takes whole pages for the rest: an answer of a kilobyte took four.
    // Rows that no place was given to, those of before and of an older release, are found by an index that has no others.
    up: `
      CREATE TABLE kit_record_placed (
        id INTEGER PRIMARY KEY, actor TEXT NOT NULL, key TEXT NOT NULL, route TEXT NOT NULL, body_hash TEXT NOT NULL, at INTEGER NOT NULL,
        answer TEXT, withheld TEXT, placed INTEGER
      );
      INSERT INTO kit_record_placed (actor, key, route, body_hash, at, answer, withheld)
        SELECT actor, key, route, body_hash, at, answer, withheld FROM kit_record;
      DROP TABLE kit_record;
      ALTER TABLE kit_record_placed RENAME TO kit_record;
      CREATE UNIQUE INDEX kit_record_unplaced ON kit_record (actor, key) WHERE placed IS NULL;`,
  },
];

const RECORD = "actor, key, route, body_hash AS bodyHash, at, answer, withheld";

const SQL = {
  openLedger:
    "CREATE TABLE IF NOT EXISTS kit_schema (scope TEXT, id INTEGER, name TEXT NOT NULL, hash TEXT NOT NULL, additive INTEGER NOT NULL, PRIMARY KEY (scope, id)) WITHOUT ROWID",
  listSteps: "SELECT id, name, hash, additive FROM kit_schema WHERE scope = ? ORDER BY id",
  addStep: "INSERT INTO kit_schema (scope, id, name, hash, additive) VALUES (?, ?, ?, ?, ?)",
  getMeta: "SELECT value FROM kit_meta WHERE key = ?",
  putMeta: "INSERT OR REPLACE INTO kit_meta (key, value) VALUES (?, ?)",
  listTimers: "SELECT name, due_at AS dueAt, failures FROM kit_timer",
  putTimer: "INSERT OR REPLACE INTO kit_timer (name, due_at, failures) VALUES (?, ?, ?)",
  deleteTimer: "DELETE FROM kit_timer WHERE name = ?",
  append: "INSERT INTO kit_outbox (at, body) VALUES (?, ?) RETURNING seq",
  // Numbers as literals: SQLite's own table takes bound ones as floats.
  skip: (seqs: number) => `UPDATE sqlite_sequence SET seq = seq + ${Math.trunc(seqs)} WHERE name = 'kit_outbox' RETURNING seq`,
  firstSkip: (seqs: number) => `INSERT INTO sqlite_sequence (name, seq) VALUES ('kit_outbox', ${Math.trunc(seqs)})`,
  pending: "SELECT seq, at, body FROM kit_outbox WHERE sent_at IS NULL OR sent_at <= ? ORDER BY seq LIMIT ?",
  // One bound list instead of one parameter per row: the platform binds 100 at most.
  markSent: "UPDATE kit_outbox SET sent_at = ? WHERE seq IN (SELECT value FROM json_each(?))",
  deleteRows: "DELETE FROM kit_outbox WHERE seq IN (SELECT value FROM json_each(?))",
  hasPending: "SELECT EXISTS (SELECT 1 FROM kit_outbox WHERE sent_at IS NULL OR sent_at <= ?) AS n",
  oldestSent: "SELECT MIN(sent_at) AS at FROM kit_outbox",
  depth: "SELECT COUNT(*) AS n FROM kit_outbox",
  oldest: "SELECT at FROM kit_outbox ORDER BY seq LIMIT 1",
  getRecord: `SELECT ${RECORD} FROM kit_record WHERE id >= ?1 AND id < ?1 + ${RECORD_PLACES} AND placed = 1 AND actor = ?2 AND key = ?3
    UNION ALL SELECT ${RECORD} FROM kit_record WHERE placed IS NULL AND actor = ?2 AND key = ?3`,
  places: `SELECT id, actor = ?2 AND key = ?3 AND placed IS NOT NULL AS own FROM kit_record WHERE id >= ?1 AND id < ?1 + ${RECORD_PLACES}`,
  putRecord: `INSERT OR REPLACE INTO kit_record (id, actor, key, route, body_hash, at, answer, withheld, placed)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)`,
  sweep: "DELETE FROM kit_record WHERE id IN (SELECT id FROM kit_record WHERE at <= ? LIMIT ?)",
  countOld: "SELECT COUNT(*) AS n FROM (SELECT 1 FROM kit_record WHERE at <= ? LIMIT ?)",
  oldestRecord: "SELECT MIN(at) AS at FROM kit_record",
} as const;

const stepRow = z.object({ id: z.number(), name: z.string(), hash: z.string(), additive: z.number().transform((flag) => flag === 1) });
const metaRow = z.object({ value: z.string() });
const timerRow = z.object({ name: z.string(), dueAt: z.number(), failures: z.number() });
const seqRow = z.object({ seq: z.number() });
const outboxRow = z.object({ seq: z.number(), at: z.number(), body: z.string() });
const countRow = z.object({ n: z.number() });
const timeRow = z.object({ at: z.number().nullable() });
const placeRow = z.object({ id: z.number(), own: z.number() });
const recordRow = z.object({
  actor: z.string(),
  key: z.string(),
  route: z.string(),
  bodyHash: z.string(),
  at: z.number(),
  answer: z.string().nullable(),
  withheld: z.enum(["secret", "size"]).nullable(),
});

/**
 * The kit's state in SQL tables named `kit_*`.
 * @param onWritten told how many rows each statement wrote, for the tests that hold the price of an operation
 */
export function createSqlStore(
  storage: Pick<DurableObjectStorage, "sql" | "transactionSync">,
  onWritten?: (rows: number) => void,
): KitStore {
  function run(statement: string, ...bindings: (string | number | null)[]): Record<string, SqlStorageValue>[] {
    const cursor = storage.sql.exec(statement, ...bindings);
    const rows = cursor.toArray();
    onWritten?.(cursor.rowsWritten);
    return rows;
  }
  const first = <T>(schema: z.ZodType<T>, rows: readonly unknown[]): T | undefined =>
    rows.length === 0 ? undefined : schema.parse(rows[0]);

  /** The record's own place when it has one, else the first that nobody has. */
  function freePlace(actor: string, key: string): number {
    const place = placeOfRecord(actor, key);
    const taken = placeRow.array().parse(run(SQL.places, place, actor, key));
    const own = taken.find((row) => row.own === 1)?.id;
    const free = Array.from({ length: RECORD_PLACES }, (_, n) => place + n).find((id) => !taken.some((row) => row.id === id));
    // Eight of one hash are none that chance makes: the oldest way out is that the last of them is forgotten.
    return own ?? free ?? place + RECORD_PLACES - 1;
  }

  return {
    migrations: MIGRATIONS,
    transaction: (work) => storage.transactionSync(work),
    apply: (up) => void run(up),
    ledger: {
      open: () => void run(SQL.openLedger),
      list: (scope) => stepRow.array().parse(run(SQL.listSteps, scope)),
      add: (scope, step) => void run(SQL.addStep, scope, step.id, step.name, step.hash, step.additive ? 1 : 0),
    },
    meta: {
      get: (key) => first(metaRow, run(SQL.getMeta, key))?.value,
      put: (key, value) => void run(SQL.putMeta, key, value),
    },
    timers: {
      list: () => timerRow.array().parse(run(SQL.listTimers)),
      put: (row) => void run(SQL.putTimer, row.name, row.dueAt, row.failures),
      delete: (name) => void run(SQL.deleteTimer, name),
    },
    outbox: {
      append: (at, body) => seqRow.parse(run(SQL.append, at, body)[0]).seq,
      skip: (seqs) => {
        if (run(SQL.skip(seqs)).length === 0) run(SQL.firstSkip(seqs));
      },
      pending: (limit, resendBefore) => outboxRow.array().parse(run(SQL.pending, resendBefore, limit)),
      markSent: (seqs, at) => void run(SQL.markSent, at, JSON.stringify(seqs)),
      delete: (seqs) => void run(SQL.deleteRows, JSON.stringify(seqs)),
      hasPending: (resendBefore) => first(countRow, run(SQL.hasPending, resendBefore))?.n === 1,
      oldestSentAt: () => first(timeRow, run(SQL.oldestSent))?.at ?? null,
      status: () => ({ depth: first(countRow, run(SQL.depth))?.n ?? 0, oldestAt: first(timeRow, run(SQL.oldest))?.at ?? null }),
    },
    records: {
      get: (actor, key) => first(recordRow, run(SQL.getRecord, placeOfRecord(actor, key), actor, key)),
      put: (r) => void run(SQL.putRecord, freePlace(r.actor, r.key), r.actor, r.key, r.route, r.bodyHash, r.at, r.answer, r.withheld),
      sweep: (until, limit) => {
        const count = first(countRow, run(SQL.countOld, until, limit))?.n ?? 0;
        if (count > 0) run(SQL.sweep, until, limit);
        return count;
      },
      oldestAt: () => first(timeRow, run(SQL.oldestRecord))?.at ?? null,
    },
  };
}
