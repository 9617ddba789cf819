import { signal } from "@preact/signals";

/** Names of the hosts seen so far, for the palette; the pages that read hosts keep it. */
export const hostNames = signal<readonly string[]>([]);
