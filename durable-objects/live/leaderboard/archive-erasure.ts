import { crc32 } from "node:zlib";
import * as z from "zod";
import { archive } from "../../../contract/archive.ts";
import { type Entry, entrySchema, type WindowArchive } from "../../../contract/leaderboard-reads.ts";
import { type ArchivedPlayers, archiveKey, type ArchiveStore, boardPrefix } from "./archives.ts";
import type { BoardParts } from "./parts.ts";
import type { ArchiveErasureStore } from "./sql-archive-erasures.ts";
import type { LogSegment, SegmentStore } from "./sql-segments.ts";
import type { WindowDesk } from "./window-desk.ts";

/** Named so in the shell. */
export const ARCHIVE_ERASURE_TIMER = "archive-erasure";

/** A pass reads everything that lies in R2, so players are gathered for so long before one begins. */
const GATHER_MS = 10 * 60_000;
/** Players of one pass; the others have the next. */
const PLAYERS = 1_000;
const TOP_ROWS = 10;
const NDJSON = { contentType: "application/x-ndjson" };

const progressSchema = z.object({
  /** The archive of a window it is at, or has passed; null once it is at the log. */
  archive: z.object({ window: z.string(), part: z.string() }).nullable(),
  /** Objects of that archive that were gone through; null when all were. */
  done: z
    .object({
      objects: z.number(),
      entries: z.number(),
      bytes: z.number(),
      crc: z.number(),
      top: z.array(entrySchema),
      changed: z.boolean(),
    })
    .nullable(),
  /** The first row of the last segment of the log that was gone through. */
  segment: z.number(),
});
type Progress = z.infer<typeof progressSchema>;

export interface ArchiveErasureStores {
  readonly erasures: ArchiveErasureStore;
  readonly archives: ArchiveStore;
  readonly segments: SegmentStore;
  readonly desk: WindowDesk;
}

/**
 * Forgets players in what lies in R2: archives of windows and rows that left the log. One object a run; what held a player is written
 * anew without their lines, read back, and noted with its new checksum.
 */
export class ArchiveErasure implements ArchivedPlayers {
  readonly #parts: BoardParts;
  readonly #stores: ArchiveErasureStores;

  constructor(parts: BoardParts, stores: ArchiveErasureStores) {
    this.#parts = parts;
    this.#stores = stores;
  }

  /** In a transaction. Costs nothing while nothing lies in R2. */
  forget(player: string, now: number): void {
    const { erasures, archives, segments } = this.#stores;
    const { timers } = this.#parts.kit;
    if (archives.after("", "") === undefined && segments.after(0, 1).length === 0) return;
    erasures.add(player);
    if (timers.get(ARCHIVE_ERASURE_TIMER) === undefined) timers.set(ARCHIVE_ERASURE_TIMER, now + GATHER_MS);
  }

  /** The handler of the timer: one object. */
  async run(now: number): Promise<void> {
    const { kit, book } = this.#parts;
    if (book.definition()?.state !== "live") return;
    const text = this.#stores.erasures.progress();
    if (text === undefined) return kit.transaction(() => this.#begin(now));
    const progress = progressSchema.parse(JSON.parse(text));
    if (progress.archive) await this.#archived(progress, progress.archive, now);
    else await this.#logged(progress, now);
  }

  #begin(now: number): void {
    const { erasures } = this.#stores;
    if (erasures.begin(PLAYERS) === 0) return;
    this.#goOn({ archive: { window: "", part: "" }, done: null, segment: 0 }, now);
  }

  async #archived(progress: Progress, at: { readonly window: string; readonly part: string }, now: number): Promise<void> {
    const { kit } = this.#parts;
    const { archives, desk } = this.#stores;
    const going = progress.done === null ? archives.after(at.window, at.part) : archives.find(at.window, at.part);
    if (!going) return kit.transaction(() => this.#goOn({ ...progress, archive: null, done: null }, now));
    const here = { window: going.window, part: going.partition ?? "" };
    const state = desk.find(going.window)?.state;
    // One that is about to be written is written from the entries, where the player is not any more.
    if (state === "closing" || state === "closed")
      return kit.transaction(() => this.#goOn({ ...progress, archive: here, done: null }, now));
    const before = progress.done ?? { objects: 0, entries: 0, bytes: 0, crc: 0, top: [], changed: false };
    const key = archiveKey(this.#prefix(), going.window, going.partition, before.objects + 1);
    const kept = await this.#rewrite(key);
    const done = {
      objects: before.objects + 1,
      entries: before.entries + kept.lines.length,
      bytes: before.bytes + kept.bytes.byteLength,
      crc: crc32(kept.bytes, before.crc),
      top: [...before.top, ...kept.lines.slice(0, TOP_ROWS).map(entryOf)].slice(0, TOP_ROWS),
      changed: before.changed || kept.changed,
    };
    kit.transaction(() => {
      const still = archives.find(here.window, here.part);
      if (still?.archivedAt !== going.archivedAt) return this.#goOn({ ...progress, archive: here, done: null }, now); // written anew
      if (done.objects < going.objects) return this.#goOn({ ...progress, archive: here, done }, now);
      if (done.changed) archives.put(noted(going, done));
      this.#goOn({ ...progress, archive: here, done: null }, now);
    });
  }

  async #logged(progress: Progress, now: number): Promise<void> {
    const { kit } = this.#parts;
    const { segments } = this.#stores;
    const [segment] = segments.after(progress.segment, 1);
    if (!segment) return kit.transaction(() => this.#end(now));
    const kept = await this.#rewrite(segment.key);
    kit.transaction(() => {
      const { byteLength } = kept.bytes;
      const shorter: LogSegment = { ...segment, rows: kept.lines.length, bytes: byteLength, crc32: crc32(kept.bytes) };
      if (kept.changed) segments.put(shorter);
      this.#goOn({ ...progress, segment: segment.firstSeq }, now);
    });
  }

  #goOn(progress: Progress, now: number): void {
    this.#stores.erasures.putProgress(JSON.stringify(progress));
    this.#parts.kit.timers.set(ARCHIVE_ERASURE_TIMER, now);
  }

  #end(now: number): void {
    const { erasures } = this.#stores;
    erasures.end();
    if (erasures.any()) this.#parts.kit.timers.set(ARCHIVE_ERASURE_TIMER, now + GATHER_MS);
  }

  /** Leaves the lines of the pass's players out of an object. */
  async #rewrite(key: string): Promise<{ lines: string[]; bytes: Uint8Array<ArrayBuffer>; changed: boolean }> {
    const { bucket } = this.#parts;
    const stored = await bucket.get(key);
    if (!stored) throw new Error(`${key} is not in the archive`);
    const all = (await stored.text()).split("\n").filter((line) => line !== "");
    const players = this.#stores.erasures.passing();
    const lines = all.filter((line) => !players.has(playerOf(line)));
    const text = lines.map((line) => `${line}\n`).join("");
    const bytes = new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>; // an encoder's memory is its own, shared with nobody
    const changed = lines.length < all.length;
    if (changed) await archive(bucket, key, bytes, NDJSON);
    return { lines, bytes, changed };
  }

  #prefix(): string {
    const { address } = this.#parts.kit;
    return boardPrefix(address.tenantId, address.name);
  }
}

const playerLine = z.object({ player: z.string() });

function playerOf(line: string): string {
  return playerLine.parse(JSON.parse(line)).player;
}

function entryOf(line: string): Entry {
  return entrySchema.parse(JSON.parse(line));
}

function noted(before: WindowArchive, done: { entries: number; bytes: number; crc: number; top: Entry[] }): WindowArchive {
  const { entries, bytes, crc, top } = done;
  return { ...before, entries, bytes, crc32: crc.toString(16).padStart(8, "0"), top };
}
