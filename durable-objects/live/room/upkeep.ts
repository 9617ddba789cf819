import { mediaKey, thumbnailKey } from "../../../contract/room-files.ts";
import type { RoomHead, StoredMessage } from "../../../core/live/rooms/store.ts";
import type { ObjectKit } from "../../kit/object-kit.ts";
import { encode, type SealedMessage, type SealedMessages } from "./sealed.ts";
import type { Segment, SqlArchive } from "./sql-archive.ts";
import type { SqlRoom } from "./sql-room.ts";
import type { SqlTasks } from "./sql-tasks.ts";

/** Named so in the shell. */
export const UPKEEP_TIMERS = ["seal", "retention", "rewrite", "sweep"] as const;
export type UpkeepTimer = (typeof UPKEEP_TIMERS)[number];
const [SEAL_TIMER, RETENTION_TIMER, REWRITE_TIMER, SWEEP_TIMER] = UPKEEP_TIMERS;

/** Rows of one slice, and messages of one file in the archive. */
export const SLICE_ROWS = 500;
/** Characters of one file, about. */
const SEGMENT_CHARS = 2 * 1024 * 1024;
/** Keys of one call to the bucket. */
const BUCKET_KEYS = 1_000;
const DAY_MS = 86_400_000;
/** Between two looks at what has become too old; reading looks for itself. */
const RETENTION_EVERY_MS = 600_000;
/** A file that nothing names any more stays as long, for whoever reads it just now. */
const DOOMED_MS = 60_000;
/** A file that was uploaded and never sent. */
const UNUSED_MS = DAY_MS;
/** An import is known by its id for so long. */
export const IMPORT_KNOWN_MS = 7 * DAY_MS;

export interface UpkeepDeps {
  readonly kit: ObjectKit;
  readonly bucket: R2Bucket;
  readonly store: SqlRoom;
  readonly archive: SqlArchive;
  readonly tasks: SqlTasks;
  readonly sealed: SealedMessages;
}

/** What a room does by itself: seals what is beyond its size, forgets what is beyond its age, clears away files. In slices. */
export class Upkeep {
  readonly #deps: UpkeepDeps;
  /** One at a time: what one of them puts into the bucket must not be what another takes away. */
  #running: Promise<void> = Promise.resolve();

  constructor(deps: UpkeepDeps) {
    this.#deps = deps;
  }

  /** The handler of each timer. */
  async tick(timer: UpkeepTimer, now: number): Promise<void> {
    const work = {
      seal: async () => await this.#seal(now),
      retention: async () => await this.#expire(now),
      rewrite: async () => await this.#rewriteBuried(now),
      sweep: async () => await this.#sweep(now),
    };
    await this.alone(work[timer]);
  }

  /** Runs work while nothing else of this kind does. */
  async alone(work: () => Promise<void>): Promise<void> {
    const before = this.#running;
    const mine = before.catch(() => undefined).then(work); // whoever ran before has had its own failure told
    this.#running = mine;
    await mine;
  }

  /** After every change, in its transaction: sets the deadlines that it makes necessary. */
  look(now: number): void {
    const { kit, store } = this.#deps;
    const head = store.head();
    if (head?.state !== "live") return;
    if (this.#hotMessages() > head.hotMessages + SLICE_ROWS && kit.timers.get(SEAL_TIMER) === undefined) kit.timers.set(SEAL_TIMER, now);
    if (head.retentionDays !== null && this.#hotMessages() > 0 && kit.timers.get(RETENTION_TIMER) === undefined)
      kit.timers.set(RETENTION_TIMER, now + head.retentionDays * DAY_MS);
  }

  /** Settings changed: looks at the age of messages at once. */
  lookNow(now: number): void {
    if (this.#deps.store.head()?.retentionDays !== null) this.#deps.kit.timers.set(RETENTION_TIMER, now);
    this.look(now);
  }

  /** In a transaction: a file that nothing shows any more is to go. */
  doomMedia(mediaId: string): void {
    const { kit } = this.#deps;
    const { tenantId, name } = kit.address;
    this.doom(mediaKey(tenantId, name, mediaId));
    this.doom(thumbnailKey(tenantId, name, mediaId));
  }

  doom(key: string): void {
    const { kit, tasks } = this.#deps;
    tasks.doom(key);
    this.sweepAt(kit.now() + DOOMED_MS);
  }

  /** That something will have to be cleared away by then. */
  sweepAt(at: number): void {
    const { timers } = this.#deps.kit;
    if ((timers.get(SWEEP_TIMER) ?? Number.POSITIVE_INFINITY) > at) timers.set(SWEEP_TIMER, at);
  }

  /** A file came that nothing shows yet. In a transaction. */
  unused(now: number): void {
    this.sweepAt(now + UNUSED_MS);
  }

  /** A message in the archive was deleted, in a transaction: its file is written anew without it. */
  buried(now: number): void {
    this.#deps.kit.timers.set(REWRITE_TIMER, now);
  }

  /**
   * Writes a file of the archive anew. Nothing changes when it was written by somebody else meanwhile.
   * @param change what becomes of each message
   */
  async rewrite(segment: Segment, change: (message: SealedMessage) => SealedMessage): Promise<void> {
    const { kit, archive, sealed } = this.#deps;
    const before = await sealed.read(segment);
    const after = before.map(change);
    const buried = archive.buriedIn(segment);
    if (buried.size === 0 && after.every((message, at) => message === before[at])) return;
    const written = await sealed.write(after);
    kit.failpoint("archiving");
    kit.transaction(() => {
      if (archive.reaching(segment.last)?.key !== segment.key) return this.doom(written.key);
      archive.put(written);
      for (const place of buried.keys()) archive.unbury(place);
      this.#dropMedia(before.filter(({ mediaId }, at) => mediaId !== null && after[at]?.mediaId === null));
      if (written.key !== segment.key) this.doom(segment.key);
    });
    sealed.reset();
  }

  #hotMessages(): number {
    const { store } = this.#deps;
    return store.places().ordinal - store.own.left().leftOrdinal;
  }

  async #seal(now: number): Promise<void> {
    const { kit, store, archive, sealed } = this.#deps;
    const head = store.head();
    if (head?.state !== "live" || this.#hotMessages() <= head.hotMessages) return;
    const messages = this.#oldest();
    const bytes = encode(messages);
    const segment = await sealed.write(messages);
    kit.failpoint("archiving");
    kit.transaction(() => {
      if (store.head()?.state !== "live") return;
      kit.timers.set(SEAL_TIMER, now); // until nothing is left to do
      // Somebody edited, deleted or reacted to one of them meanwhile: what was written is not what is here.
      if (!sameBytes(bytes, encode(this.#oldest()))) return this.doom(segment.key);
      archive.put(segment);
      this.#leave(segment.last, segment.lastOrdinal, store.places().purged);
    });
  }

  /** The next messages to leave, each with its former texts. */
  #oldest(): SealedMessage[] {
    const { store } = this.#deps;
    let chars = 0;
    return store
      .messagesAfter(0, SLICE_ROWS)
      .map((message): SealedMessage => {
        const versions = message.editedAt === null ? [] : store.marks.versions(message.offset);
        return versions.length === 0 ? message : { ...message, versions };
      })
      .filter(({ text, versions }, at) => {
        chars += text.length + (versions ?? []).reduce((sum, version) => sum + version.text.length, 0);
        return at === 0 || chars <= SEGMENT_CHARS;
      });
  }

  /** Messages up to a place are not here any more. In a transaction. */
  #leave(floor: number, leftOrdinal: number, purged: number): void {
    const { store } = this.#deps;
    store.log.drop(floor);
    store.marks.dropUpTo(floor);
    store.own.putLeft({ floor, leftOrdinal, purged });
  }

  async #expire(now: number): Promise<void> {
    const { kit, store, archive, sealed } = this.#deps;
    const head = store.head();
    if (head?.state !== "live" || head.retentionDays === null) return;
    const keptMs = head.retentionDays * DAY_MS;
    const segment = archive.reaching(0);
    if (segment && segment.newestAt < now - keptMs) {
      const messages = await sealed.read(segment);
      return kit.transaction(() => {
        archive.drop(segment);
        this.doom(segment.key);
        this.#dropMedia(messages);
        const { floor, leftOrdinal } = store.own.left();
        store.own.putLeft({ floor, leftOrdinal, purged: segment.lastOrdinal });
        kit.timers.set(RETENTION_TIMER, now);
      });
    }
    kit.transaction(() => {
      const next = segment ? segment.newestAt : this.#expireHot(now - keptMs);
      if (next !== undefined) kit.timers.set(RETENTION_TIMER, next === null ? now : Math.max(next + keptMs, now + RETENTION_EVERY_MS));
    });
  }

  /** @returns when the oldest that stays was said; null when more may have to go at once, undefined when there is none left */
  #expireHot(cutoff: number): number | null | undefined {
    const { store } = this.#deps;
    const rows = store.messagesAfter(0, SLICE_ROWS);
    const young = rows.findIndex(({ at }) => at >= cutoff);
    const old = young === -1 ? rows : rows.slice(0, young);
    const last = old.at(-1);
    if (last) {
      this.#dropMedia(old);
      this.#leave(last.offset, last.ordinal, last.ordinal);
    }
    if (young !== -1) return rows[young]?.at;
    return rows.length === SLICE_ROWS ? null : undefined;
  }

  #dropMedia(messages: readonly StoredMessage[]): void {
    for (const { mediaId } of messages) if (mediaId !== null) this.#deps.store.useMedia(mediaId, -1);
  }

  async #rewriteBuried(now: number): Promise<void> {
    const { kit, archive } = this.#deps;
    const place = archive.firstBuried();
    if (place === undefined) return;
    const segment = archive.reaching(place);
    if (segment && segment.first <= place) await this.rewrite(segment, (message) => message);
    else kit.transaction(() => archive.unbury(place));
    kit.timers.set(REWRITE_TIMER, now);
  }

  async #sweep(now: number): Promise<void> {
    const { kit, bucket, store, archive, tasks } = this.#deps;
    if (store.head() === undefined) return;
    const keys = tasks.doomed(BUCKET_KEYS);
    // One that is in use again was written anew with the same bytes.
    const gone = keys.filter((key) => !archive.isUsed(key));
    if (gone.length > 0) await bucket.delete(gone);
    const { timers } = kit;
    kit.transaction(() => {
      tasks.undoom(keys);
      for (const mediaId of store.marks.unusedBefore(now - UNUSED_MS, SLICE_ROWS)) store.marks.dropMedia(mediaId);
      tasks.sweepImports(now - IMPORT_KNOWN_MS, SLICE_ROWS);
      timers.clear(SWEEP_TIMER); // the deadline that has passed would pass for an earlier one
      if (tasks.doomed(1).length > 0) this.sweepAt(keys.length === BUCKET_KEYS ? now : now + DOOMED_MS);
      const unused = store.marks.oldestUnused();
      if (unused !== null) this.sweepAt(Math.max(now + DOOMED_MS, unused + UNUSED_MS));
      const known = tasks.oldestImport();
      if (known !== null) this.sweepAt(Math.max(now + DOOMED_MS, known + IMPORT_KNOWN_MS));
    });
  }
}

/** Epoch milliseconds: messages from before are too old to be shown. */
export function cutoffOf({ retentionDays }: RoomHead, now: number): number {
  return retentionDays === null ? Number.NEGATIVE_INFINITY : now - retentionDays * DAY_MS;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, at) => byte === b[at]);
}
