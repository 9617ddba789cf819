import type { Page } from "../contract/pages.ts";
import type { Call, CallOptions } from "./transport.ts";

/** `?limit&cursor` of every list. */
export interface PageQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** One page of a list route, with its filters. */
export function listing<T>(call: Call, path: string, query: PageQuery & object = {}, options?: CallOptions): Promise<Page<T>> {
  return call<Page<T>>("GET", path, { query: { ...query }, options });
}

/**
 * Every item of a list, page after page, as it is asked for: `for await (const key of everyItem((page) => meridian.keys.list(page)))`.
 * Items inserted meanwhile neither repeat nor hide others, because cursors are positions and not counts.
 */
export async function* everyItem<T>(list: (page: PageQuery) => Promise<Page<T>>, limit?: number): AsyncGenerator<T, void, undefined> {
  let cursor: string | undefined;
  do {
    const page: Page<T> = await list({ limit, cursor });
    yield* page.items;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}
