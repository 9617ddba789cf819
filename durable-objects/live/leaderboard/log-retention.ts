import { crc32 } from "node:zlib";
import { archive } from "../../../contract/archive.ts";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import { type FoldedRun, foldRuns } from "../../../core/live/leaderboard/folding.ts";
import { boardPrefix, ndjson } from "./archives.ts";
import type { LogRow } from "./log.ts";
import type { BoardParts } from "./parts.ts";
import type { BaseStore } from "./sql-bases.ts";
import type { SegmentStore } from "./sql-segments.ts";

/** Named so in the shell. */
export const LOG_TIMER = "log-retention";

/** Rows that wait for a checkpoint, or changed while they were copied, are looked at again after this. */
const RETRY_MS = 60_000;

export interface RetentionLimits {
  readonly ageMs: number;
  readonly bytes: number;
  /** Rows of one segment. */
  readonly rows: number;
}

const LIMITS: RetentionLimits = { ageMs: LEADERBOARD_LIMITS.logMs, bytes: LEADERBOARD_LIMITS.logBytes, rows: LEADERBOARD_LIMITS.sliceRows };

/**
 * Lets the oldest rows of the log leave: copied to R2, read back, folded into the bases of their players, and only then deleted. A
 * rebuild of a player is the base and the rows that remain.
 */
export class LogRetention {
  readonly #parts: BoardParts;
  readonly #bases: BaseStore;
  readonly #segments: SegmentStore;
  readonly #limits: RetentionLimits;

  constructor(parts: BoardParts, bases: BaseStore, segments: SegmentStore, limits: RetentionLimits = LIMITS) {
    this.#parts = parts;
    this.#bases = bases;
    this.#segments = segments;
    this.#limits = limits;
  }

  /** To be called while the log grows, and once after a start: sees to it that its oldest rows leave in time. */
  look(now: number): void {
    const { kit, log } = this.#parts;
    const dueAt = kit.timers.get(LOG_TIMER);
    if (dueAt !== undefined && dueAt <= now) return;
    if (log.size().bytes > this.#limits.bytes) kit.timers.set(LOG_TIMER, now);
    else if (dueAt === undefined) this.#arm(now);
  }

  /** After a start: for rows that came without anybody looking, as an import's. */
  arm(now: number): void {
    const { kit, book } = this.#parts;
    if (book.definition()?.state === "live" && kit.timers.get(LOG_TIMER) === undefined) this.#arm(now);
  }

  /** The handler of the timer: one segment. */
  async run(now: number): Promise<void> {
    const { kit, bucket, sets, log, book } = this.#parts;
    if (book.definition()?.state !== "live") return;
    const leaving = this.#leaving(now);
    const [first] = leaving;
    // Their changes are in no checkpoint yet, for whatever reason.
    if (!first) return this.#arm(now, RETRY_MS);
    const copy = ndjson(leaving);
    // By what has left before alone: a copy that came to nothing, by a crash or a change, is written over by the next, whichever rows it has.
    const place = log.archivedUpTo() + 1;
    const key = `${boardPrefix(kit.address.tenantId, kit.address.name)}log/${String(place).padStart(15, "0")}.ndjson`;
    await archive(bucket, key, copy, { contentType: "application/x-ndjson" });
    kit.failpoint("archiving");
    kit.transaction(() => {
      const last = leaving.at(-1)?.seq ?? first.seq;
      const still = log.after(log.archivedUpTo(), leaving.length);
      // A reviewer or an erasure may have changed a row while R2 worked.
      if (sets.checkpointedSeq() < last || !equal(ndjson(still), copy)) return kit.timers.set(LOG_TIMER, now + RETRY_MS);
      this.#parts.reviews.settle();
      foldRuns(
        book.config(),
        still.flatMap((row) => this.#counted(row)),
        this.#bases,
      );
      log.drop(last, leaving.length);
      const { byteLength } = copy;
      this.#segments.put({
        firstSeq: first.seq,
        lastSeq: last,
        rows: leaving.length,
        bytes: byteLength,
        crc32: crc32(copy),
        key,
        archivedAt: now,
      });
      this.#arm(now);
    });
  }

  /** The oldest rows that are to leave, and may: the counts need them no more. */
  #leaving(now: number): LogRow[] {
    const { kit, sets, log } = this.#parts;
    const over = log.size().bytes > this.#limits.bytes;
    const rows = log.after(log.archivedUpTo(), this.#limits.rows);
    const staying = over ? -1 : rows.findIndex(({ at }) => at > now - this.#limits.ageMs);
    const leaving = staying === -1 ? rows : rows.slice(0, staying);
    const last = leaving.at(-1);
    if (last && sets.checkpointedSeq() < last.seq) kit.transaction(() => sets.checkpoint(log.lastSeq(), true));
    const counted = sets.checkpointedSeq();
    return leaving.filter(({ seq }) => seq <= counted);
  }

  /** Holds the timer at the oldest row's time. @param overdueMs after which one is looked at whose time has passed */
  #arm(now: number, overdueMs = 0): void {
    const { kit, log } = this.#parts;
    const [oldest] = log.after(log.archivedUpTo(), 1);
    if (!oldest) return kit.timers.clear(LOG_TIMER);
    const dueAt = log.size().bytes > this.#limits.bytes ? now : oldest.at + this.#limits.ageMs;
    kit.timers.set(LOG_TIMER, Math.max(dueAt, now + overdueMs));
  }

  #counted(row: LogRow): FoldedRun[] {
    const { player, score, subscore, occurredAt, partitions, verdict, removed } = row;
    if (score === null || removed || (verdict !== "accepted" && verdict !== "flagged")) return [];
    const sets = this.#parts.windows.entered(occurredAt, partitions).map(({ id }) => id);
    return [{ player, score, subscore, at: occurredAt, sets }];
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, i) => byte === b[i]);
}
