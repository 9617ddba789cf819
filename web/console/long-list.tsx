import { ArrowUp } from "lucide";
import { plural } from "../lib/format.ts";
import type { LongList } from "../lib/use-list.ts";
import { Button } from "../ui/button.tsx";

/** How many rows are shown, and a pill for those that wait above. */
export function LongListHead<T>({ list, count, one, many }: { list: LongList<T>; count: number; one: string; many: string }) {
  const fresh = list.fresh.value;
  return (
    <>
      <span class="muted">
        {plural(count, one, many)}
        {list.hasMore.value && ", more below"}
      </span>
      {fresh > 0 && (
        <Button class="pill" icon={ArrowUp} onClick={list.showFresh}>
          {fresh} new
        </Button>
      )}
    </>
  );
}

export function LongListFoot<T>({ list }: { list: LongList<T> }) {
  if (!list.hasMore.value) return null;
  return (
    <div class="actions">
      <Button busy={list.loadingMore.value} onClick={list.loadMore}>
        Load older
      </Button>
    </div>
  );
}
