import { accept, type Outcome } from "../../contract/problems.ts";
import type { CatalogAsk } from "../../contract/rpc/metrics.ts";
import { matchSlots } from "./label-matchers.ts";
import { packRefNumbers } from "./ref-numbers.ts";
import { DELETED_ROW, type Shard } from "./shard.ts";

/**
 * Deletes the series that match, with all their points: at once from answers, in one transaction, and from rows during the next upkeep. One
 * that is sent again is another series.
 */
export function deleteSeries(
  shard: Shard,
  { metric, matchers = [] }: Pick<CatalogAsk, "metric" | "matchers">,
): Outcome<{ deleted: number }> {
  const found = matchSlots(shard.labels, metric, matchers, "?match");
  if (!found.ok) return found;
  const slots = found.value;
  if (slots.length === 0) return accept({ deleted: 0 });
  return shard.deps.transaction(() => {
    for (const slot of slots) {
      shard.deleted.add(shard.series.refOf(slot));
      shard.close(slot);
    }
    const seq = shard.nextSeq();
    shard.late.noteAll(seq);
    shard.deps.store.putKept(DELETED_ROW, packRefNumbers(new Map([...shard.deleted].map((ref) => [ref, 0]))));
    shard.saveState({ late: seq });
    return accept({ deleted: slots.length });
  });
}
