import * as z from "zod";
import { type BatchItemReply, batchItemReplySchema, type ScoreBatchReply } from "../../../contract/leaderboard-scores.ts";

/**
 * A batch's answer as it is kept for its repetition. Scores that were simply accepted stand one after the other in the log, so their ids
 * follow from the first; only the others are kept as they were. A thousand accepted scores take some forty bytes.
 */
const keptSchema = z.object({
  at: z.number(),
  /** The log's first row of this batch. */
  first: z.number(),
  count: z.number(),
  /** Of the body; absent of those that were kept before it was, which have its length, and before that nothing. */
  digest: z.string().optional(),
  bytes: z.number().optional(),
  others: z.array(z.tuple([z.number(), batchItemReplySchema])),
});

/** @param first the log's first row of the batch @param at epoch milliseconds of its rows @param digest of its body */
export function keptAnswer(items: readonly BatchItemReply[], first: number, at: number, digest: string): string {
  const others = [...items.entries()].filter(([, item]) => !isPlain(item));
  return JSON.stringify({ at, first, count: items.length, digest, others } satisfies z.input<typeof keptSchema>);
}

/** The reverse of {@link keptAnswer}. @param idOf the id of a row of the log @returns undefined when the body was another one */
export function repeatedAnswer(
  kept: string,
  sent: { readonly digest: string; readonly bytes: number; readonly items: readonly unknown[] },
  idOf: (row: { readonly seq: number; readonly at: number }) => string,
): ScoreBatchReply | undefined {
  const { at, first, count, others, digest = sent.digest, bytes = sent.bytes } = keptSchema.parse(JSON.parse(kept));
  if (digest !== sent.digest || bytes !== sent.bytes || count !== sent.items.length) return undefined;
  const byIndex = new Map(others);
  let seq = first;
  const items = Array.from({ length: count }, (_, index): BatchItemReply => {
    const other = byIndex.get(index);
    // Every item with an id is a row of the log.
    const own = other === undefined || other.submissionId !== undefined ? seq++ : seq;
    return other ?? { ok: true, submissionId: idOf({ seq: own, at }), verdict: "accepted", reasons: [] };
  });
  return { duplicate: true, accepted: acceptedOf(items), items };
}

export function acceptedOf(items: readonly BatchItemReply[]): number {
  return items.filter((item) => item.ok && item.verdict !== "quarantined").length;
}

function isPlain(item: BatchItemReply): boolean {
  return item.ok && item.verdict === "accepted" && item.reasons.length === 0;
}
