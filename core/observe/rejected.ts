import * as z from "zod";
import type { Rejected } from "../../contract/metric-catalog.ts";
import { INGEST_PROTOCOLS, METRIC_LIMITS, REJECT_REASONS, type RejectReason } from "../../contract/metric-limits.ts";
import type { RejectedLine } from "../../contract/rpc/metrics.ts";
import { type KeptRows, packKept, readKept } from "./kept-rows.ts";

const ROW = "rejected";
const HOUR_MS = 3_600_000;
/** Lines of the same kind within this time are one: a sender that repeats itself must not push the others out. */
const SAME_MS = 60_000;
const EXAMPLE_CHARS = 500;
const DETAIL_CHARS = 300;

type Line = Rejected["items"][number];

const lineSchema = z.object({
  at: z.number(),
  reason: z.enum(REJECT_REASONS),
  protocol: z.enum(INGEST_PROTOCOLS),
  keyId: z.string(),
  count: z.number(),
  example: z.string(),
  detail: z.string(),
});
const totalSchema = z.tuple([z.number(), z.enum(REJECT_REASONS), z.number()]);
/** Totals come last, as what must not be lost when a row is cut. */
const keptSchema = z.array(z.union([lineSchema, totalSchema]));

/** The inspector's book: the last refused samples with an example of each kind, and how many by reason, of a day. */
export class RejectedLog {
  /** The oldest first. */
  readonly #lines: Line[] = [];
  /** By the hour, then by reason. */
  readonly #totals = new Map<number, Map<RejectReason, number>>();
  #changed = false;

  get isChanged(): boolean {
    return this.#changed;
  }

  note(lines: readonly RejectedLine[], now: number): void {
    for (const { reason, protocol, keyId, rejected, example, detail } of lines) {
      // By our clock: an edge's may run ahead.
      const line = {
        at: now,
        reason,
        protocol,
        keyId,
        count: rejected,
        example: example.slice(0, EXAMPLE_CHARS),
        detail: detail.slice(0, DETAIL_CHARS),
      };
      this.#total(now, reason, rejected);
      const at = this.#lines.findLastIndex((known) => isSame(known, line) && known.at > now - SAME_MS);
      const [known] = at < 0 ? [] : this.#lines.splice(at, 1);
      this.#lines.push({ ...line, count: line.count + (known?.count ?? 0) });
      this.#changed = true;
    }
    this.#forget(now);
  }

  /** The newest first. */
  lines(now: number): Line[] {
    this.#forget(now);
    return this.#lines.toReversed();
  }

  /** By reason, the most frequent first. */
  totals(now: number): Rejected["totals"] {
    this.#forget(now);
    const sums = new Map<RejectReason, number>();
    for (const hour of this.#totals.values()) for (const [reason, count] of hour) sums.set(reason, (sums.get(reason) ?? 0) + count);
    return [...sums].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
  }

  load(rows: KeptRows): void {
    for (const kept of readKept(rows, ROW, keptSchema) ?? []) {
      if (Array.isArray(kept)) this.#total(...kept);
      else this.#lines.push(kept);
    }
    this.#changed = false;
  }

  save(rows: KeptRows): void {
    if (!this.#changed) return;
    const totals = [...this.#totals].flatMap(([hour, reasons]) => [...reasons].map(([reason, count]) => [hour, reason, count]));
    rows.putKept(ROW, packKept([...this.#lines, ...totals]));
    this.#changed = false;
  }

  #total(at: number, reason: RejectReason, count: number): void {
    const hour = Math.floor(at / HOUR_MS) * HOUR_MS;
    let reasons = this.#totals.get(hour);
    if (!reasons) this.#totals.set(hour, (reasons = new Map()));
    reasons.set(reason, (reasons.get(reason) ?? 0) + count);
  }

  #forget(now: number): void {
    const before = now - METRIC_LIMITS.rejectedMs;
    const fresh = this.#lines.findIndex(({ at }) => at >= before);
    const gone = Math.max(fresh < 0 ? this.#lines.length : fresh, this.#lines.length - METRIC_LIMITS.rejectedKept);
    if (gone > 0) this.#lines.splice(0, gone);
    for (const hour of this.#totals.keys()) if (hour + HOUR_MS <= before) this.#totals.delete(hour);
  }
}

function isSame(a: Line, b: Line): boolean {
  return a.reason === b.reason && a.protocol === b.protocol && a.keyId === b.keyId && a.detail === b.detail;
}
