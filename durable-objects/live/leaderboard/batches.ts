import { createHash } from "node:crypto";
import type { BatchItemReply, ScoreBatchReply } from "../../../contract/leaderboard-scores.ts";
import { accept, type Outcome, refuse } from "../../../contract/problems.ts";
import type { ReadBatch } from "../../../core/live/leaderboard/batch-reader.ts";
import type { Ahead } from "./ahead.ts";
import { acceptedOf, keptAnswer, repeatedAnswer } from "./batch-answers.ts";
import type { BoardNews } from "./live.ts";
import type { BoardParts } from "./parts.ts";
import type { SqlBatches } from "./sql-batches.ts";
import { implausible, type SubmitDesk } from "./submit.ts";
import type { SweepDesk } from "./sweep.ts";

/** A batch, and the digest of its body: by it another one under the same id is told. */
export interface SentBatch extends ReadBatch {
  readonly digest: string;
}

/** SHA-256, in hex. */
export function digestOf(body: Uint8Array): string {
  return createHash("sha256").update(body).digest("hex");
}

export interface BatchDeps {
  readonly batches: SqlBatches;
  readonly submit: SubmitDesk;
  readonly sweep: SweepDesk;
  readonly ahead: Ahead;
}

/** Batches of scores: one transaction each, and once in 24 hours by the id that its sender gave it. */
export class BatchDesk {
  readonly #parts: BoardParts;
  readonly #deps: BatchDeps;

  constructor(parts: BoardParts, deps: BatchDeps) {
    this.#parts = parts;
    this.#deps = deps;
  }

  /** Inside the object's transaction. */
  submit(batch: SentBatch, actor: string, now: number): Outcome<{ reply: ScoreBatchReply; news: readonly BoardNews[] }> {
    const { log } = this.#parts;
    const kept = this.#deps.batches.find(actor, batch.batchId, now);
    if (kept !== undefined) {
      const reply = repeatedAnswer(kept, batch, (row) => log.idOf(row));
      return reply ? accept({ reply, news: [] }) : ANOTHER;
    }
    const first = log.lastSeq() + 1;
    const news: BoardNews[] = [];
    const items = this.#takeAll(batch.items, news, now);
    this.#deps.batches.put(actor, batch.batchId, keptAnswer(items, first, now, batch.digest), now);
    this.#deps.sweep.expect(now);
    return accept({ reply: { duplicate: false, accepted: acceptedOf(items), items }, news });
  }

  #takeAll(items: ReadBatch["items"], news: BoardNews[], now: number): BatchItemReply[] {
    const { ahead } = this.#deps;
    ahead.scores(
      items.flatMap((item) => (item.ok ? [item.score.player] : [])),
      now,
    );
    try {
      return items.map((item) => this.#take(item, news, now));
    } finally {
      ahead.end();
    }
  }

  #take(item: ReadBatch["items"][number], news: BoardNews[], now: number): BatchItemReply {
    if (!item.ok) return refusal(item.fault.slug, `${item.fault.pointer || "/"}: ${item.fault.detail}.`);
    const taken = this.#deps.submit.take(item.score, "service", "batch", now);
    if (!taken.ok) return refusal(taken.problem.slug, taken.problem.detail);
    const { submissionId, verdict, reasons } = taken.value;
    if (taken.value.news) news.push(taken.value.news);
    if (verdict !== "rejected") return { ok: true, submissionId, verdict, reasons: [...reasons] };
    const refused = implausible(taken.value);
    const detail = refused.ok ? "" : refused.problem.detail;
    return { ...refusal("score-implausible", detail), submissionId, reasons: [...reasons] };
  }
}

const ANOTHER = refuse("idempotency-mismatch", "This batchId belongs to another batch. Use a new one for other scores.");

function refusal(slug: string, detail: string): { ok: false; type: string; detail: string } {
  return { ok: false, type: `/problems/${slug}`, detail };
}
