import { crc32 } from "node:zlib";
import * as z from "zod";
import { archive } from "../../../contract/archive.ts";
import { type Entry, entrySchema, type WindowArchive } from "../../../contract/leaderboard-reads.ts";
import type { SortKey } from "../../../core/live/leaderboard/ranked-sets.ts";
import { scoreOf, unscale } from "../../../core/live/leaderboard/scores.ts";
import { standingsOf } from "../../../core/live/leaderboard/standings.ts";
import { archiveKey, type ArchiveStore, boardPrefix, ndjson } from "./archives.ts";
import type { BoardParts } from "./parts.ts";
import type { WindowRow } from "./sql-windows.ts";
import type { BoardSet } from "./windows.ts";

/** Entries of one object in R2: some 7 MB at most are in memory, twice while they are read back. */
export const OBJECT_ROWS = 20_000;
/** Entries read at once. */
const PAGE_ROWS = 1_000;
const TOP_ROWS = 10;

const progressSchema = z.object({
  set: z.number(),
  after: z.object({ inv: z.number(), sub: z.number(), at: z.number(), player: z.string() }).nullable(),
  /** Of the ranking it is at, so far. */
  objects: z.number(),
  entries: z.number(),
  bytes: z.number(),
  crc: z.number(),
  top: z.array(entrySchema),
});
type Progress = z.infer<typeof progressSchema>;

/** What is to be noted once the copy in R2 was read back, in a transaction of its own. */
export interface Archived {
  /** As JSON; null when the window is archived as a whole. */
  readonly progress: string | null;
  /** The ranking that was finished by this, if one was. */
  readonly finished: WindowArchive | undefined;
}

/** Writes a frozen window to R2, one object at a time; repeating one after a crash writes the same bytes to the same key. */
export class Archiving {
  readonly #parts: BoardParts;
  readonly #archives: ArchiveStore;
  readonly #objectRows: number;

  constructor(parts: BoardParts, archives: ArchiveStore, objectRows = OBJECT_ROWS) {
    this.#parts = parts;
    this.#archives = archives;
    this.#objectRows = objectRows;
  }

  /**
   * Writes the next object and reads it back. Changes nothing in the object.
   * @param sets the window's rankings by rising id, shadows left out
   * @throws ArchiveMismatch, and whatever R2 throws
   */
  async write(row: WindowRow, sets: readonly BoardSet[], now: number): Promise<Archived> {
    const begun: Progress = row.progress === null ? fresh(sets[0]?.id ?? 0) : progressSchema.parse(JSON.parse(row.progress));
    const place = sets.findIndex(({ id }) => id >= begun.set);
    const set = sets[place];
    if (!set) return { progress: null, finished: undefined };
    const { entries, after } = this.#read(set, begun.after);
    const bytes = ndjson(entries);
    const object = begun.objects + 1;
    const { kit, bucket } = this.#parts;
    const key = (n: number): string => archiveKey(boardPrefix(kit.address.tenantId, kit.address.name), set.window, set.partition, n);
    // An empty ranking has one object too, so that its archive is there.
    await archive(bucket, key(object), bytes, { contentType: "application/x-ndjson" });
    const done: Progress = {
      set: set.id,
      after,
      objects: object,
      entries: begun.entries + entries.length,
      bytes: begun.bytes + bytes.byteLength,
      crc: crc32(bytes, begun.crc),
      top: [...begun.top, ...entries].slice(0, TOP_ROWS),
    };
    if (after !== null) return { progress: JSON.stringify(done), finished: undefined };
    const next = sets[place + 1];
    return { progress: next ? JSON.stringify(fresh(next.id)) : null, finished: finishedArchive(set, key(1), done, now) };
  }

  /** Notes what a `write` did. In a transaction. */
  note({ finished }: Archived): void {
    if (finished) this.#archives.put(finished);
  }

  /** Removes what an earlier, longer archive of the same ranking left behind. */
  async trim(before: WindowArchive, after: WindowArchive): Promise<void> {
    const { kit, bucket } = this.#parts;
    const prefix = boardPrefix(kit.address.tenantId, kit.address.name);
    for (let object = after.objects + 1; object <= before.objects; object++)
      await bucket.delete(archiveKey(prefix, after.window, after.partition, object));
  }

  /** @returns as many entries as an object holds, and the last of them when there may be more */
  #read(set: BoardSet, from: SortKey | null): { entries: Entry[]; after: SortKey | null } {
    const { sets, book, players } = this.#parts;
    const config = book.config();
    const entries: Entry[] = [];
    for (let after = from; ;) {
      const limit = Math.min(PAGE_ROWS, this.#objectRows - entries.length);
      // A ranking that fills its last object has no empty one after it.
      if (limit === 0) return { entries, after: after && sets.pageFrom(set.id, after, "forward", 1).length > 0 ? after : null };
      const keys = after === null ? sets.pageAt(set.id, 0, limit) : sets.pageFrom(set.id, after, "forward", limit);
      const [first] = keys;
      if (!first) return { entries, after: null };
      const names = players.names(keys.map(({ player }) => player));
      const standings = standingsOf(sets, set.id, sets.placeOf(set.id, first), keys, config.ranking);
      for (const [index, key] of keys.entries()) {
        const { scaled, subscore } = scoreOf(config, key);
        const { player, at } = key;
        const score = unscale(scaled, config.decimals);
        const rank = standings[index]?.rank ?? 0;
        entries.push({ rank, player, name: names.get(player) ?? null, score, subscore, at: new Date(at).toISOString() });
      }
      if (keys.length < limit) return { entries, after: null };
      after = keys.at(-1) ?? null;
    }
  }
}

function fresh(set: number): Progress {
  return { set, after: null, objects: 0, entries: 0, bytes: 0, crc: 0, top: [] };
}

function finishedArchive({ window, partition }: BoardSet, key: string, done: Progress, now: number): WindowArchive {
  const { objects, entries, bytes, crc, top } = done;
  const crcHex = crc.toString(16).padStart(8, "0");
  return { window, partition, key, objects, entries, bytes, crc32: crcHex, archivedAt: new Date(now).toISOString(), top };
}
