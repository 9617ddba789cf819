import type { Page } from "../../contract/pages.ts";
import { everyItem, type PageQuery } from "../../sdk/pages.ts";

/** Rows of a list that a plan bounds, all of them. */
export async function collect<T>(list: (page: PageQuery) => Promise<Page<T>>): Promise<readonly T[]> {
  const items: T[] = [];
  for await (const item of everyItem(list, 200)) items.push(item);
  return items;
}
