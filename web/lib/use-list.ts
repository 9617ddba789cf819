import { type ReadonlySignal, useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Page } from "../../contract/pages.ts";
import type { MeridianError } from "../../sdk/errors.ts";
import { countNew, joinOlder, refreshNewest } from "./list-model.ts";
import { asError, useResource } from "./resource.ts";

export interface LongList<T> {
  readonly items: ReadonlySignal<readonly T[] | undefined>;
  readonly error: ReadonlySignal<MeridianError | undefined>;
  readonly at: ReadonlySignal<number>;
  /** Rows that arrived since and are not shown yet, so that nothing moves under the eyes; one page's worth at most. */
  readonly fresh: ReadonlySignal<number>;
  readonly hasMore: ReadonlySignal<boolean>;
  readonly loadingMore: ReadonlySignal<boolean>;
  showFresh(): void;
  loadMore(): void;
  reload(): void;
}

/** A list that is read page by page, newest first, while new rows gather behind a count. */
export function useList<T>(
  key: string,
  load: (cursor: string | undefined, signal: AbortSignal | undefined) => Promise<Page<T>>,
  id: (item: T) => string,
  everyMs: number,
): LongList<T> {
  const shown = useSignal<{ key: string; items: readonly T[]; cursor: string | null } | undefined>(undefined);
  const loadingMore = useSignal(false);
  const moreError = useSignal<MeridianError | undefined>(undefined);
  const first = useResource(key, (signal) => load(undefined, signal), everyMs);

  useEffect(
    () =>
      first.data.subscribe((page) => {
        if (!page) return;
        const before = shown.peek();
        if (before?.key === key) shown.value = { ...before, items: refreshNewest(before.items, page.items, id) };
        else shown.value = { key, items: page.items, cursor: page.nextCursor };
      }),
    [first],
  );

  const loadMore = async () => {
    const before = shown.peek();
    if (!before?.cursor || loadingMore.peek()) return;
    loadingMore.value = true;
    try {
      const page = await load(before.cursor, undefined);
      moreError.value = undefined;
      const now = shown.peek();
      if (now?.key === key) shown.value = { key, items: joinOlder(now.items, page.items, id), cursor: page.nextCursor };
    } catch (failure) {
      moreError.value = asError(failure);
    }
    loadingMore.value = false;
  };

  return {
    items: useComputed(() => (shown.value?.key === key ? shown.value.items : undefined)),
    error: useComputed(() => first.error.value ?? moreError.value),
    at: first.at,
    fresh: useComputed(() => (first.data.value && shown.value ? countNew(shown.value.items, first.data.value.items, id) : 0)),
    hasMore: useComputed(() => shown.value?.cursor !== null && shown.value !== undefined),
    loadingMore,
    showFresh: () => {
      const page = first.data.peek();
      if (page) shown.value = { key, items: page.items, cursor: page.nextCursor };
    },
    loadMore: () => void loadMore(),
    reload: first.reload,
  };
}
