import * as z from "zod";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import { reasonSchema, VERDICTS } from "../../../contract/leaderboard-scores.ts";
import { seqOf, submissionId } from "../../../core/live/leaderboard/submission-id.ts";
import type { BoardLog, LogRow } from "./log.ts";

/** Texts that are mostly empty are null then: they take a byte. `log_state` remembers how far rows have left. */
export const LOG_TABLES = `
  CREATE TABLE submissions (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, player TEXT NOT NULL, at INTEGER NOT NULL, occurred_at INTEGER NOT NULL, score INTEGER,
    subscore REAL, verdict TEXT, reasons TEXT, duration_ms INTEGER, run_id TEXT, partitions TEXT, metadata TEXT,
    removed INTEGER NOT NULL DEFAULT 0, changes BLOB
  );
  CREATE INDEX submissions_player ON submissions (player);
  CREATE TABLE log_state (id INTEGER PRIMARY KEY CHECK (id = 1), dropped INTEGER NOT NULL);`;

const COLUMNS = "seq, kind, player, at, occurred_at, score, subscore, verdict, reasons, duration_ms, run_id, partitions, metadata, removed";
/** A row of which nothing about a run is left. */
const EMPTIED = "score IS NULL AND verdict IS NULL AND metadata IS NULL AND run_id IS NULL";
const SQL = {
  append: `INSERT INTO submissions (${COLUMNS}, changes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  // Most rows say no more; each value that is bound costs time, also an empty one.
  appendPlain: `INSERT INTO submissions (seq, kind, player, at, occurred_at, score, subscore, verdict, duration_ms, changes)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  lastSeq: "SELECT coalesce(max(seq), 0) AS n FROM submissions",
  dropped: "SELECT dropped AS n FROM log_state",
  find: `SELECT ${COLUMNS} FROM submissions WHERE seq = ?`,
  ofPlayer: `SELECT ${COLUMNS} FROM submissions WHERE player = ? ORDER BY seq DESC LIMIT ?`,
  counting: `SELECT ${COLUMNS} FROM submissions WHERE player = ? AND verdict IN ('accepted', 'flagged') AND removed = 0 AND seq > ? ORDER BY seq
    LIMIT ?`,
  newest: `SELECT ${COLUMNS} FROM submissions ORDER BY seq DESC LIMIT ?`,
  newestCounting: `SELECT ${COLUMNS} FROM submissions WHERE seq > ? AND kind = 'score' AND removed = 0
    AND verdict IN ('accepted', 'flagged') ORDER BY seq DESC LIMIT ?`,
  after: `SELECT ${COLUMNS} FROM submissions WHERE seq > ? ORDER BY seq LIMIT ?`,
  since: "SELECT seq, changes FROM submissions WHERE seq > ? AND changes IS NOT NULL ORDER BY seq LIMIT ?",
  verdict: "UPDATE submissions SET verdict = ? WHERE seq = ?",
  removed: "UPDATE submissions SET removed = ? WHERE seq = ?",
  dropTo: "SELECT max(seq) AS n, count(*) AS rows FROM (SELECT seq FROM submissions WHERE seq <= ? ORDER BY seq LIMIT ?)",
  drop: "DELETE FROM submissions WHERE seq <= ?",
  putDropped: "INSERT OR REPLACE INTO log_state (id, dropped) VALUES (1, ?)",
  forget: "DELETE FROM submissions WHERE seq IN (SELECT seq FROM submissions WHERE player = ? AND seq <= ? LIMIT ?) RETURNING 1",
  empty: `UPDATE submissions SET kind = 'correction', score = NULL, subscore = NULL, verdict = NULL, reasons = NULL, duration_ms = NULL,
    run_id = NULL, metadata = NULL WHERE seq IN (SELECT seq FROM submissions WHERE player = ? AND NOT (${EMPTIED}) LIMIT ?) RETURNING 1`,
  usedRun: "SELECT 1 FROM (SELECT run_id FROM submissions WHERE player = ? ORDER BY seq DESC LIMIT ?) WHERE run_id = ?",
  tally: `SELECT coalesce(sum(verdict = 'accepted'), 0) AS accepted, coalesce(sum(verdict = 'flagged'), 0) AS flagged,
    coalesce(sum(verdict = 'quarantined'), 0) AS quarantined, coalesce(sum(verdict = 'rejected'), 0) AS rejected
    FROM submissions WHERE seq > ? AND seq <= ? AND kind = 'score'`,
  moved: "SELECT seq, changes FROM submissions WHERE seq > ? AND seq <= ? AND kind <> 'import' AND changes IS NOT NULL ORDER BY seq",
  size: `SELECT count(*) AS rows, coalesce(avg(bytes), 0) AS bytes FROM (
    SELECT 80 + 2 * length(player) + coalesce(length(changes), 0) + coalesce(length(metadata), 0) + coalesce(length(reasons), 0) AS bytes
    FROM submissions ORDER BY seq DESC LIMIT ?)`,
} as const;

/** Rows of one statement while the counts catch up, and from which the size of all is told. */
const PAGE_ROWS = 500;
/** Newest rows of a player among which a used run is looked for; a player begins far fewer in the time of a run. */
const USED_RUN_ROWS = 500;

const logRow = z
  .object({
    seq: z.number(),
    kind: z.enum(["score", "import", "correction"]),
    player: z.string(),
    at: z.number(),
    occurred_at: z.number(),
    score: z.number().nullable(),
    subscore: z.number().nullable(),
    verdict: z.enum(VERDICTS).nullable(),
    reasons: z.string().nullable(),
    duration_ms: z.number().nullable(),
    run_id: z.string().nullable(),
    partitions: z.string().nullable(),
    metadata: z.string().nullable(),
    removed: z.number(),
  })
  .transform((row): LogRow => ({
    seq: row.seq,
    kind: row.kind,
    player: row.player,
    at: row.at,
    occurredAt: row.occurred_at,
    score: row.score,
    subscore: row.subscore,
    verdict: row.verdict,
    reasons: row.reasons === null ? [] : reasonSchema.array().parse(JSON.parse(row.reasons)),
    durationMs: row.duration_ms,
    runId: row.run_id,
    partitions: row.partitions === null ? [] : row.partitions.split(" "), // no value of a partition holds a space
    metadata: row.metadata,
    removed: row.removed === 1,
  }));
const numberRow = z.object({ n: z.number().nullable() });
const changesRow = z.object({ seq: z.number(), changes: z.instanceof(ArrayBuffer) });
const tallyRow = z.object({ accepted: z.number(), flagged: z.number(), quarantined: z.number(), rejected: z.number() });
const sizeRow = z.object({ rows: z.number(), bytes: z.number() });

/** Verdicts of scores in a part of the log; imports are not among them. */
export type Tally = z.infer<typeof tallyRow>;
type Changes = { readonly seq: number; readonly changes: Uint8Array };

export class SqlLog implements BoardLog {
  readonly #sql: SqlStorage;
  readonly #board: () => string;
  readonly #checkpointed: () => number;
  #last: number | undefined;
  #dropped: number | undefined;

  /** @param board the object's full name @param checkpointed up to which row the counts need none of them any more */
  constructor(sql: SqlStorage, board: () => string, checkpointed: () => number) {
    this.#sql = sql;
    this.#board = board;
    this.#checkpointed = checkpointed;
  }

  /** Forgets memory: after a transaction was undone, and before a load. */
  reset(): void {
    this.#last = undefined;
    this.#dropped = undefined;
  }

  append(row: Omit<LogRow, "seq">, changes: Uint8Array | undefined): { readonly seq: number; readonly submissionId: string } {
    const seq = this.lastSeq() + 1;
    const { kind, player, at, occurredAt, score, subscore, verdict, durationMs } = row;
    const packed = changes === undefined ? null : bufferOf(changes);
    if (isPlain(row)) this.#sql.exec(SQL.appendPlain, seq, kind, player, at, occurredAt, score, subscore, verdict, durationMs, packed);
    else
      this.#sql.exec(
        SQL.append,
        seq,
        kind,
        player,
        at,
        occurredAt,
        score,
        subscore,
        verdict,
        row.reasons.length === 0 ? null : JSON.stringify(row.reasons),
        durationMs,
        row.runId,
        row.partitions.length === 0 ? null : row.partitions.join(" "),
        row.metadata,
        row.removed ? 1 : 0,
        packed,
      );
    this.#last = seq;
    return { seq, submissionId: submissionId(this.#board(), seq, row.at) };
  }

  lastSeq(): number {
    // An erasure may have taken the newest rows: a place that the counts have passed is never given again.
    return (this.#last ??= Math.max(this.#number(SQL.lastSeq), this.archivedUpTo(), this.#checkpointed()));
  }

  find(id: string): LogRow | undefined {
    const seq = seqOf(id);
    const [row] = seq === undefined ? [] : this.#rows(SQL.find, seq);
    return row && this.idOf(row) === id ? row : undefined;
  }

  ofPlayer(player: string, limit: number): LogRow[] {
    return this.#rows(SQL.ofPlayer, player, limit);
  }

  *counting(player: string): Generator<LogRow> {
    for (let from = 0; ;) {
      const page = this.#rows(SQL.counting, player, from, PAGE_ROWS);
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE_ROWS) return;
      from = last.seq;
    }
  }

  newest(limit: number): LogRow[] {
    return this.#rows(SQL.newest, limit);
  }

  newestCounting(limit: number): LogRow[] {
    return this.#rows(SQL.newestCounting, this.lastSeq() - LEADERBOARD_LIMITS.sliceRows, limit);
  }

  after(seq: number, limit: number): LogRow[] {
    return this.#rows(SQL.after, seq, limit);
  }

  mark(seq: number, change: { readonly verdict?: LogRow["verdict"]; readonly removed?: boolean }): void {
    if (change.verdict !== undefined) this.#sql.exec(SQL.verdict, change.verdict, seq);
    if (change.removed !== undefined) this.#sql.exec(SQL.removed, change.removed ? 1 : 0, seq);
  }

  archivedUpTo(): number {
    return (this.#dropped ??= this.#number(SQL.dropped));
  }

  drop(upTo: number, limit: number): number {
    const bound = Math.min(upTo, this.#checkpointed());
    const found = z.object({ n: z.number().nullable(), rows: z.number() }).parse(this.#sql.exec(SQL.dropTo, bound, limit).one());
    const last = this.lastSeq(); // before the row that says it may go
    const to = found.rows < limit ? Math.min(bound, last) : (found.n ?? 0);
    if (found.rows > 0) this.#sql.exec(SQL.drop, to);
    if (to > this.archivedUpTo()) {
      this.#sql.exec(SQL.putDropped, to);
      this.#dropped = to;
    }
    return found.rows;
  }

  forget(player: string, limit: number, upTo?: number): number {
    const bound = Math.min(upTo ?? Number.MAX_SAFE_INTEGER, this.#checkpointed());
    const gone = this.#sql.exec(SQL.forget, player, bound, limit).toArray().length;
    return gone === limit || upTo !== undefined ? gone : gone + this.#sql.exec(SQL.empty, player, limit - gone).toArray().length;
  }

  size(): { readonly rows: number; readonly bytes: number } {
    const sample = sizeRow.parse(this.#sql.exec(SQL.size, PAGE_ROWS).one());
    const rows = sample.rows < PAGE_ROWS ? sample.rows : this.lastSeq() - this.archivedUpTo();
    return { rows, bytes: Math.round(rows * sample.bytes) };
  }

  *since(seq: number): Generator<Changes> {
    for (let from = seq; ;) {
      const page = this.#changes(SQL.since, from, PAGE_ROWS);
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE_ROWS) return;
      from = last.seq;
    }
  }

  /** Whether one of the player's scores came with this run. */
  usedRun(player: string, runId: string): boolean {
    return this.#sql.exec(SQL.usedRun, player, USED_RUN_ROWS, runId).toArray().length > 0;
  }

  /** What came in after a row up to another one. */
  tally(after: number, upTo: number): Tally {
    return tallyRow.parse(this.#sql.exec(SQL.tally, after, upTo).one());
  }

  /** Changes of entries that imports did not make. */
  moved(after: number, upTo: number): Changes[] {
    return this.#changes(SQL.moved, after, upTo);
  }

  idOf(row: Pick<LogRow, "seq" | "at">): string {
    return submissionId(this.#board(), row.seq, row.at);
  }

  #rows(statement: string, ...bindings: (string | number)[]): LogRow[] {
    return logRow.array().parse(this.#sql.exec(statement, ...bindings).toArray());
  }

  #changes(statement: string, ...bindings: number[]): Changes[] {
    const rows = changesRow.array().parse(this.#sql.exec(statement, ...bindings).toArray());
    return rows.map(({ seq, changes }) => ({ seq, changes: new Uint8Array(changes) }));
  }

  #number(statement: string): number {
    const [row] = this.#sql.exec(statement).toArray();
    return (row && numberRow.parse(row).n) ?? 0;
  }
}

function isPlain({ reasons, runId, partitions, metadata, removed }: Omit<LogRow, "seq">): boolean {
  return reasons.length === 0 && runId === null && partitions.length === 0 && metadata === null && !removed;
}

/** The bytes of the view alone; it may lie in a larger buffer. */
function bufferOf(bytes: Uint8Array): ArrayBuffer {
  if (bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength) return bytes.buffer;
  const copy = new ArrayBuffer(bytes.byteLength);
  new Uint8Array(copy).set(bytes);
  return copy;
}
