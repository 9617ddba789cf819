import { createHash } from "node:crypto";
import * as z from "zod";
import { type AuditEntry, auditEntrySchema } from "../../contract/access.ts";
import { decodeCursor, encodeCursor } from "../../contract/cursor.ts";
import type { Page } from "../../contract/pages.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { AuditNote, AuditPosition } from "../../contract/rpc/tenant.ts";
import { AUDIT_LIMITS, brokenAtEnd, CHAIN_START, type ChainedEntry, chainEntry, followChain } from "../../core/control/audit.ts";
import { type DeniedWindow, spendDenied } from "../../core/control/audit-budget.ts";

const COLUMNS = "seq, at, actor, actor_name, action, target, outcome, detail, request_id, previous_hash, hash";

const rowSchema = z.object({
  seq: z.number(),
  at: z.number(),
  actor: z.string(),
  actor_name: z.string(),
  action: z.string(),
  target: z.string(),
  // A row that somebody changed by hand must still be readable, so that the walk can name it: its hash tells.
  outcome: auditEntrySchema.shape.outcome.catch("failed"),
  detail: z.string().transform(readDetail),
  request_id: z.string(),
  previous_hash: z.string(),
  hash: z.string(),
});

const headSchema = z.object({ seq: z.number(), hash: z.string(), denied_since: z.number(), denied_count: z.number() });

/** Synchronous, so that an entry's hash is made inside the transaction that writes it: nothing can come between two links. */
export function sha256Hex(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

export interface AuditFilter {
  readonly limit: number;
  readonly cursor?: string;
  readonly action?: string;
  readonly actor?: string;
}

/** The tenant's hash-chained log. */
export class AuditStore {
  readonly #sql: SqlStorage;
  /** Denials that the budget kept out since the last one that was written. Losing it in an eviction loses a count, not an entry. */
  #suppressed = 0;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Appends in the running transaction. Denials beyond the budget are only counted; the next one written says how many. */
  append(notes: readonly AuditNote[], meta: CallMeta, now: number): void {
    const head = this.#head();
    let position: AuditPosition = head;
    let window: DeniedWindow = head.window;
    for (const note of notes) {
      const denied = note.outcome === "denied" ? spendDenied(window, now) : window;
      if (!denied) {
        this.#suppressed++;
        continue;
      }
      const suppressed = note.outcome === "denied" && this.#suppressed > 0 ? { alsoDenied: this.#suppressed } : {};
      if (note.outcome === "denied") this.#suppressed = 0;
      window = denied;
      const entry = chainEntry(
        position,
        {
          at: now,
          actor: meta.actor,
          actorName: meta.actorName,
          action: note.action,
          target: note.target,
          outcome: note.outcome,
          detail: { ...note.detail, ...suppressed },
          requestId: meta.requestId,
        },
        sha256Hex,
      );
      this.#insert(entry);
      position = entry;
    }
    if (position.seq !== head.seq) this.#setHead(position, window);
  }

  /** Newest first. A filtered page looks at a bounded number of entries, so it may be short and still have a next page. */
  list(filter: AuditFilter): Outcome<Page<AuditEntry>> {
    let before = Number.MAX_SAFE_INTEGER;
    if (filter.cursor !== undefined) {
      const key = decodeCursor(filter.cursor, ["number"]);
      if (!key) return refuse("invalid-parameter", "The cursor is not one of this list; leave it out to start at the newest entry.");
      before = Number(key[0]);
    }
    const floor = Math.max(0, Math.min(before, this.#head().seq + 1) - AUDIT_LIMITS.scan);
    const found = this.#sql
      .exec(
        `SELECT ${COLUMNS} FROM audit_entry
         WHERE seq < ?1 AND seq >= ?2 AND (?3 IS NULL OR action = ?3) AND (?4 IS NULL OR actor = ?4) ORDER BY seq DESC LIMIT ?5`,
        before,
        floor,
        filter.action ?? null,
        filter.actor ?? null,
        filter.limit,
      )
      .toArray()
      .map(toEntry);
    const last = found.length === filter.limit ? found.at(-1)?.seq : floor;
    return accept({ items: found.map(entryView), nextCursor: last === undefined || last <= 1 ? null : encodeCursor([last]) });
  }

  /** One slice of the walk: reads and hashes a bounded number of entries. */
  verify(from: AuditPosition = CHAIN_START) {
    const head = this.#head();
    const rows = this.#sql
      .exec(`SELECT ${COLUMNS} FROM audit_entry WHERE seq > ? ORDER BY seq LIMIT ?`, from.seq, AUDIT_LIMITS.verifySlice)
      .toArray();
    const { checked, firstBroken, last } = followChain(from, rows.map(toEntry), sha256Hex);
    const more = firstBroken === null && rows.length === AUDIT_LIMITS.verifySlice;
    return {
      checked,
      firstBroken: firstBroken ?? (more ? null : brokenAtEnd(last, head)),
      headSeq: head.seq,
      headHash: head.hash,
      next: more ? last : null,
    };
  }

  #head(): AuditPosition & { window: DeniedWindow } {
    const [row] = this.#sql.exec("SELECT seq, hash, denied_since, denied_count FROM audit_head").toArray();
    if (!row) return { ...CHAIN_START, window: { since: 0, count: 0 } };
    const { seq, hash, denied_since, denied_count } = headSchema.parse(row);
    return { seq, hash, window: { since: denied_since, count: denied_count } };
  }

  #setHead(position: AuditPosition, window: DeniedWindow): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO audit_head (one, seq, hash, denied_since, denied_count) VALUES (1, ?, ?, ?, ?)",
      position.seq,
      position.hash,
      window.since,
      window.count,
    );
  }

  #insert(entry: ChainedEntry): void {
    this.#sql.exec(
      `INSERT INTO audit_entry (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      entry.seq,
      entry.at,
      entry.actor,
      entry.actorName,
      entry.action,
      entry.target,
      entry.outcome,
      JSON.stringify(entry.detail),
      entry.requestId,
      entry.previousHash,
      entry.hash,
    );
  }
}

function toEntry(row: unknown): ChainedEntry {
  const { actor_name, request_id, previous_hash, ...rest } = rowSchema.parse(row);
  return { ...rest, actorName: actor_name, requestId: request_id, previousHash: previous_hash };
}

function readDetail(text: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    return { unreadable: text.slice(0, AUDIT_LIMITS.detailTextChars) }; // changed by hand; see above
  }
}

function entryView(entry: ChainedEntry): AuditEntry {
  return { ...entry, at: new Date(entry.at).toISOString() };
}
