import { signal } from "@preact/signals";
import { collect } from "../../lib/collect.ts";
import { api } from "../api.ts";
import { can } from "../session.ts";

/** Names of the hosts seen so far, for the palette; the pages that read hosts keep it. */
export const hostNames = signal<readonly string[]>([]);

/** Reads the names when no page has done so yet: the palette can be opened anywhere. */
export async function needHostNames(): Promise<void> {
  if (hostNames.peek().length > 0 || !can("metrics:read")) return;
  const names = await collect(async (page) => await api.hosts.list(page)).then(
    (hosts) => hosts.map(({ host }) => host),
    () => [], // the palette offers everything else, and the next time it is opened asks again
  );
  if (hostNames.peek().length === 0) hostNames.value = names;
}
