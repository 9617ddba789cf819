import * as z from "zod";
import type { Decision } from "../../../contract/leaderboard-reads.ts";
import { type Reason, reasonSchema } from "../../../contract/leaderboard-scores.ts";
import type { Standing } from "../../../core/live/leaderboard/review-cases.ts";

/**
 * Cases, their runs, what rules were worth, ends of suspensions, the kept population, and erasures that are under way. Times are epoch
 * milliseconds, scores scaled. `place` orders the cases of a state: the severity of open ones, the decision's time of decided ones.
 */
export const REVIEW_TABLES = `
  CREATE TABLE review_case (
    case_id INTEGER PRIMARY KEY,
    player TEXT NOT NULL,
    state TEXT NOT NULL,
    place REAL NOT NULL,
    severity REAL NOT NULL,
    opened_at INTEGER NOT NULL,
    runs INTEGER NOT NULL,
    worst REAL NOT NULL,
    rules TEXT NOT NULL,
    decision TEXT,
    until INTEGER,
    decided_by TEXT,
    decided_at INTEGER,
    note TEXT,
    upheld INTEGER
  ) STRICT;
  CREATE INDEX review_case_player ON review_case (player, case_id);
  CREATE INDEX review_case_queue ON review_case (state, place DESC, case_id);
  CREATE TABLE review_run (
    case_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    score REAL NOT NULL,
    verdict TEXT NOT NULL,
    reasons TEXT NOT NULL,
    duration_ms INTEGER,
    removed INTEGER NOT NULL,
    PRIMARY KEY (case_id, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE review_rule (rule TEXT PRIMARY KEY, decided INTEGER NOT NULL, upheld INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE review_suspension (player TEXT PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX review_suspension_end ON review_suspension (until);
  CREATE TABLE review_population (one INTEGER PRIMARY KEY CHECK (one = 1), through INTEGER NOT NULL, packed BLOB NOT NULL) STRICT;
  CREATE TABLE player_erasure (player TEXT PRIMARY KEY, up_to INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

const CASE =
  "case_id, player, state, place, severity, opened_at, runs, worst, rules, decision, until, decided_by, decided_at, note, upheld";
const RUN = "case_id, seq, at, score, verdict, reasons, duration_ms, removed";
const SQL = {
  find: `SELECT ${CASE} FROM review_case WHERE case_id = ?`,
  newestOf: `SELECT ${CASE} FROM review_case WHERE player = ? ORDER BY case_id DESC LIMIT 1`,
  put: `INSERT INTO review_case (${CASE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (case_id) DO UPDATE SET state = excluded.state, place = excluded.place, severity = excluded.severity, runs = excluded.runs,
    worst = excluded.worst, rules = excluded.rules, decision = excluded.decision, until = excluded.until, decided_by = excluded.decided_by,
    decided_at = excluded.decided_at, note = excluded.note, upheld = excluded.upheld`,
  queue: `SELECT ${CASE} FROM review_case WHERE state = ? AND place <= ? AND (place < ? OR case_id > ?) ORDER BY place DESC, case_id LIMIT ?`,
  casesOf: "SELECT case_id AS n FROM review_case WHERE player = ? AND case_id <= ? ORDER BY case_id LIMIT ?",
  open: "SELECT count(*) AS n FROM review_case WHERE state = 'open'",
  standing: "SELECT decision, until FROM review_case WHERE player = ? AND decision IN ('ban', 'suspend')",
  forgettable: `SELECT case_id AS n FROM review_case WHERE state = 'decided' AND place <= ?
    AND (decision = 'clear' OR decision = 'suspend' AND until <= ?) ORDER BY place LIMIT ?`,
  oldestDecided: `SELECT min(place) AS n FROM review_case WHERE state = 'decided' AND decision <> 'ban'`,
  deleteCase: "DELETE FROM review_case WHERE case_id = ?",
  addRun: `INSERT INTO review_run (${RUN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  runs: `SELECT ${RUN} FROM review_run WHERE case_id = ? ORDER BY seq`,
  newestRuns: `SELECT ${RUN} FROM review_run WHERE case_id = ? ORDER BY seq DESC LIMIT ?`,
  markRun: "UPDATE review_run SET verdict = ?, removed = ? WHERE case_id = ? AND seq = ?",
  deleteRuns: "DELETE FROM review_run WHERE case_id = ?",
  countRule: `INSERT INTO review_rule (rule, decided, upheld) VALUES (?, ?, ?)
    ON CONFLICT (rule) DO UPDATE SET decided = decided + excluded.decided, upheld = upheld + excluded.upheld`,
  rules: "SELECT rule, decided, upheld FROM review_rule ORDER BY rule",
  suspend: "INSERT OR REPLACE INTO review_suspension (player, until) VALUES (?, ?)",
  release: "DELETE FROM review_suspension WHERE player = ?",
  ending: "SELECT player FROM review_suspension WHERE until <= ? ORDER BY until LIMIT ?",
  nextEnd: "SELECT min(until) AS n FROM review_suspension",
  population: "SELECT packed FROM review_population",
  populationThrough: "SELECT through AS n FROM review_population",
  keepPopulation: "INSERT OR REPLACE INTO review_population (one, through, packed) VALUES (1, ?, ?)",
  erasures: "SELECT player, up_to FROM player_erasure ORDER BY player LIMIT ?",
  erase: "INSERT OR REPLACE INTO player_erasure (player, up_to) VALUES (?, ?)",
  erased: "DELETE FROM player_erasure WHERE player = ?",
} as const;

/** A case as it lies in the table; `caseId` is the place in the log of its first run. */
export interface CaseRow {
  readonly caseId: number;
  readonly player: string;
  readonly state: "open" | "decided";
  readonly severity: number;
  readonly openedAt: number;
  readonly runs: number;
  /** The run that stands out most. */
  readonly worst: number;
  readonly rules: readonly string[];
  readonly decision: CaseDecision | null;
}
export interface CaseDecision {
  readonly decision: Decision["decision"];
  readonly until: number | null;
  readonly by: string;
  readonly at: number;
  readonly note: string;
  readonly upheld: boolean;
}
/** A suspicious run of a case: it stays readable after its row has left the log. */
export interface CaseRun {
  readonly seq: number;
  readonly at: number;
  readonly score: number;
  readonly verdict: "accepted" | "flagged" | "quarantined";
  readonly reasons: readonly Reason[];
  readonly durationMs: number | null;
  readonly removed: boolean;
}

const decisionName = z.enum(["clear", "suspend", "ban"]);
const rulesText = z.string().transform((text) => z.array(z.string()).parse(JSON.parse(text)));
const reasonsText = z.string().transform((text): Reason[] => z.array(reasonSchema).parse(JSON.parse(text)));
const caseRow = z
  .object({
    case_id: z.number(),
    player: z.string(),
    state: z.enum(["open", "decided"]),
    severity: z.number(),
    opened_at: z.number(),
    runs: z.number(),
    worst: z.number(),
    rules: rulesText,
    decision: decisionName.nullable(),
    until: z.number().nullable(),
    decided_by: z.string().nullable(),
    decided_at: z.number().nullable(),
    note: z.string().nullable(),
    upheld: z.number().nullable(),
  })
  .transform((row): CaseRow => ({
    caseId: row.case_id,
    player: row.player,
    state: row.state,
    severity: row.severity,
    openedAt: row.opened_at,
    runs: row.runs,
    worst: row.worst,
    rules: row.rules,
    decision:
      row.decision === null
        ? null
        : {
            decision: row.decision,
            until: row.until,
            by: row.decided_by ?? "",
            at: row.decided_at ?? 0,
            note: row.note ?? "",
            upheld: row.upheld === 1,
          },
  }));
const runRow = z
  .object({
    seq: z.number(),
    at: z.number(),
    score: z.number(),
    verdict: z.enum(["accepted", "flagged", "quarantined"]),
    reasons: reasonsText,
    duration_ms: z.number().nullable(),
    removed: z.number(),
  })
  .transform(({ duration_ms: durationMs, removed, ...row }): CaseRun => ({ ...row, durationMs, removed: removed === 1 }));
const standingRow = z.object({ decision: decisionName, until: z.number().nullable() });
const ruleRow = z.object({ rule: z.string(), decided: z.number(), upheld: z.number() });
const numberRow = z.object({ n: z.number().nullable() });
const playerRow = z.object({ player: z.string() });
const packedRow = z.object({ packed: z.instanceof(ArrayBuffer) });
const erasureRow = z.object({ player: z.string(), up_to: z.number() });

/** Rows of {@link REVIEW_TABLES}. */
export class ReviewStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(caseId: number): CaseRow | undefined {
    return this.#rows(caseRow, SQL.find, caseId)[0];
  }

  newestOf(player: string): CaseRow | undefined {
    return this.#rows(caseRow, SQL.newestOf, player)[0];
  }

  put(row: CaseRow): void {
    const { decision } = row;
    this.#sql.exec(
      SQL.put,
      row.caseId,
      row.player,
      row.state,
      placeOf(row),
      row.severity,
      row.openedAt,
      row.runs,
      row.worst,
      JSON.stringify(row.rules),
      decision?.decision ?? null,
      decision?.until ?? null,
      decision?.by ?? null,
      decision?.at ?? null,
      decision?.note ?? null,
      decision === null ? null : Number(decision.upheld),
    );
  }

  /** Cases of a state after a place in its order, worst (of decided ones: latest) first. */
  queue(state: CaseRow["state"], after: { readonly place: number; readonly caseId: number } | undefined, limit: number): CaseRow[] {
    const { place, caseId } = after ?? { place: Number.MAX_VALUE, caseId: -1 };
    return this.#rows(caseRow, SQL.queue, state, place, place, caseId, limit);
  }

  /** Cases of a player that were opened up to a place in the log. */
  casesOf(player: string, upTo: number, limit: number): number[] {
    return this.#rows(numberRow, SQL.casesOf, player, upTo, limit).flatMap(({ n }) => n ?? []);
  }

  open(): number {
    return this.#number(SQL.open) ?? 0;
  }

  /** Decisions that may still hold a player back. */
  standing(player: string): Standing[] {
    return this.#rows(standingRow, SQL.standing, player);
  }

  /** Decided cases, the oldest first, that were decided by then and hold nobody back at `now`. */
  forgettable(decidedBy: number, now: number, limit: number): number[] {
    return this.#rows(numberRow, SQL.forgettable, decidedBy, now, limit).flatMap(({ n }) => n ?? []);
  }

  /** When the oldest of decided cases that are ever forgotten was decided. */
  oldestDecided(): number | undefined {
    return this.#number(SQL.oldestDecided);
  }

  /** @returns rows that went */
  delete(caseId: number): number {
    return this.#sql.exec(SQL.deleteRuns, caseId).rowsWritten + this.#sql.exec(SQL.deleteCase, caseId).rowsWritten;
  }

  addRun(caseId: number, run: CaseRun): void {
    const { seq, at, score, verdict, reasons, durationMs, removed } = run;
    this.#sql.exec(SQL.addRun, caseId, seq, at, score, verdict, JSON.stringify(reasons), durationMs, Number(removed));
  }

  /** All runs of a case, oldest first: `REVIEW_LIMITS.caseRuns` at most. */
  runs(caseId: number): CaseRun[] {
    return this.#rows(runRow, SQL.runs, caseId);
  }

  /** Newest first. */
  newestRuns(caseId: number, limit: number): CaseRun[] {
    return this.#rows(runRow, SQL.newestRuns, caseId, limit);
  }

  markRun(caseId: number, run: Pick<CaseRun, "seq" | "verdict" | "removed">): void {
    this.#sql.exec(SQL.markRun, run.verdict, Number(run.removed), caseId, run.seq);
  }

  countRule(rule: string, decided: number, upheld: number): void {
    this.#sql.exec(SQL.countRule, rule, decided, upheld);
  }

  rules(): { rule: string; decided: number; upheld: number }[] {
    return this.#rows(ruleRow, SQL.rules);
  }

  suspend(player: string, until: number): void {
    this.#sql.exec(SQL.suspend, player, until);
  }

  release(player: string): void {
    this.#sql.exec(SQL.release, player);
  }

  ending(now: number, limit: number): string[] {
    return this.#rows(playerRow, SQL.ending, now, limit).map(({ player }) => player);
  }

  nextEnd(): number | undefined {
    return this.#number(SQL.nextEnd);
  }

  population(): Uint8Array | undefined {
    const [row] = this.#rows(packedRow, SQL.population);
    return row && new Uint8Array(row.packed);
  }

  /** The newest row of the log that the kept population has seen; read without its bytes. */
  populationThrough(): number | undefined {
    return this.#number(SQL.populationThrough);
  }

  keepPopulation(through: number, packed: Uint8Array): void {
    this.#sql.exec(SQL.keepPopulation, through, packed);
  }

  erasures(limit: number): { player: string; upTo: number }[] {
    return this.#rows(erasureRow, SQL.erasures, limit).map(({ player, up_to: upTo }) => ({ player, upTo }));
  }

  erase(player: string, upTo: number): void {
    this.#sql.exec(SQL.erase, player, upTo);
  }

  erased(player: string): void {
    this.#sql.exec(SQL.erased, player);
  }

  #number(statement: string): number | undefined {
    return this.#rows(numberRow, statement)[0]?.n ?? undefined;
  }

  #rows<T>(schema: z.ZodType<T>, statement: string, ...bindings: SqlStorageValue[]): T[] {
    return this.#sql
      .exec(statement, ...bindings)
      .toArray()
      .map((row) => schema.parse(row));
  }
}

/** Where a case stands among those of its state. */
export function placeOf({ severity, decision }: Pick<CaseRow, "severity" | "decision">): number {
  return decision?.at ?? severity;
}
