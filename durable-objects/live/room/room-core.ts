import { NO_FAILPOINTS } from "../../../contract/failpoints.ts";
import { cryptoRandom, randomText } from "../../../contract/ids.ts";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import type { RoomEvent } from "../../../contract/room-live.ts";
import type { RoomSummary } from "../../../contract/rpc/room.ts";
import type { RoomActs } from "../../../core/live/rooms/acts.ts";
import { RoomDesk } from "../../../core/live/rooms/desk.ts";
import { RoomReads } from "../../../core/live/rooms/reads.ts";
import type { RoomHead } from "../../../core/live/rooms/store.ts";
import type { ObjectsEnv } from "../../env.ts";
import { createKit, type ObjectKit } from "../../kit/object-kit.ts";
import { guardedKit } from "../leaderboard/guarded-kit.ts";
import { Erasure, ERASURE_TIMER } from "./erasure.ts";
import { Imports } from "./imports.ts";
import { InboxNotes } from "./inbox-notes.ts";
import { LIVE_TIMER, type RoomParts, type RoomSocketSide, type RoomTeller } from "./parts.ts";
import { Removal, REMOVAL_TIMER } from "./removal.ts";
import { ROOM_MIGRATIONS } from "./schema.ts";
import { SealedMessages } from "./sealed.ts";
import { SqlArchive } from "./sql-archive.ts";
import { SqlRoom } from "./sql-room.ts";
import { SqlTasks } from "./sql-tasks.ts";
import { cutoffOf, Upkeep, UPKEEP_TIMERS } from "./upkeep.ts";

const EPOCH_CHARS = 12;
/** Events of messages go to the queue together: nobody waits for them, and each hand-over costs as much as some sends. */
const AGGREGATES_MS = 5_000;

/** The parts of a room and its desks, put together. Made in the object's constructor; touches no storage. */
export class RoomCore implements RoomParts {
  readonly kit: ObjectKit;
  readonly bucket: R2Bucket;
  readonly acts: RoomActs;
  told: RoomTeller = () => undefined;
  committed: RoomTeller = (events) => this.#inboxes.committed(events);
  sockets: RoomSocketSide | undefined;
  presence: RoomParts["presence"] = { stateOf: () => "offline" };

  readonly store: SqlRoom;
  readonly archive: SqlArchive;
  readonly sealed: SealedMessages;
  readonly desk: RoomDesk;
  readonly reads: RoomReads;
  readonly imports: Imports;
  readonly removal: Removal;
  readonly upkeep: Upkeep;
  readonly #inboxes: InboxNotes;
  /** When the newest events were fanned out, by their place: for `trace`. */
  readonly #fannedOut = new Map<number, number>();
  #receipts: ReturnType<typeof setTimeout> | undefined;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    const { sql } = ctx.storage;
    const timers: Record<string, (now: number) => void | Promise<void>> = {
      [LIVE_TIMER]: (now) => this.sockets?.expire(now),
      [ERASURE_TIMER]: async (now) => await erasure.goOn(now),
      ...Object.fromEntries(UPKEEP_TIMERS.map((name) => [name, async (now: number) => await this.upkeep.tick(name, now)])),
    };
    const kit = createKit(ctx, env, {
      kind: "room",
      migrations: ROOM_MIGRATIONS,
      registered: true,
      paceAggregatesMs: AGGREGATES_MS,
      timers: { ...timers, [REMOVAL_TIMER]: async (now) => await this.removal.tick(now) },
      load: () => {
        this.forget();
        this.store.own.noticeRestore(randomText(EPOCH_CHARS, cryptoRandom));
        this.sockets?.restore();
        this.#inboxes.restore();
      },
      forgetSubject: (subject) => erasure.forgetSubject(subject),
    });
    this.kit = guardedKit(kit, () => this.forget());
    this.bucket = env.ARCHIVE;
    this.store = new SqlRoom(sql, (mediaId) => this.upkeep.doomMedia(mediaId));
    this.archive = new SqlArchive(sql);
    this.sealed = new SealedMessages(this.kit, this.bucket, this.archive);
    const { store, archive, sealed, bucket } = this;
    const tasks = new SqlTasks(sql);
    this.upkeep = new Upkeep({ kit: this.kit, bucket, store, archive, tasks, sealed });
    this.desk = new RoomDesk({
      store,
      emit: (event) => kit.outbox.emit(event),
      presence: () => this.presence,
      receiptsWait: () => this.#storeReceiptsSoon(),
      hasRead: (subject) => this.#inboxes.hasRead(subject),
    });
    this.acts = this.#guardedActs(this.desk, ctx);
    this.#inboxes = new InboxNotes(this, env.INBOXES, (work) => ctx.waitUntil(work));
    this.reads = new RoomReads(
      this.desk,
      () => this.presence,
      (offset) => this.#fannedOut.get(offset),
      () => this.#cutoff(),
    );
    const shared = { kit: this.kit, store, archive, tasks, upkeep: this.upkeep, desk: this.desk };
    const tell = (events: readonly RoomEvent[]): void => this.tell(events);
    const erasure = new Erasure({ ...shared, tell });
    this.imports = new Imports({ ...shared, tell, turn });
    this.removal = new Removal({
      kit: this.kit,
      bucket,
      store,
      timers: Object.keys(timers),
      dismiss: async (members, of) => await this.#inboxes.dismiss(members, of),
      forget: () => this.forget(),
    });
  }

  head(): RoomHead | undefined {
    return this.store.head();
  }

  /** Tells sockets and those who follow what was committed over another wire than a socket. */
  tell(events: readonly RoomEvent[], results: Parameters<RoomTeller>[1] = []): void {
    if (events.length === 0) return;
    this.told(events, results);
    this.committed(events, results);
  }

  fannedOut(events: readonly RoomEvent[], now: number): void {
    for (const { offset } of events) this.#fannedOut.set(offset, now);
    for (const offset of this.#fannedOut.keys()) {
      if (this.#fannedOut.size <= L.traceOffsets) return;
      this.#fannedOut.delete(offset);
    }
  }

  summary(subject: string): RoomSummary | undefined {
    return this.store.member(subject) && this.reads.summaryOf(subject);
  }

  /** Drops what memory holds of rows; everything is read anew when it is asked for. */
  forget(): void {
    this.store.reset();
    this.sealed.reset();
    this.desk.reset();
  }

  /** What sockets do: each call a transaction, and those who follow the room are told of it. */
  #guardedActs(desk: RoomDesk, ctx: DurableObjectState): RoomActs {
    const { kit } = this;
    return {
      commit: (changes, now) => {
        const done = kit.transaction(() => {
          const committed = desk.commit(changes, now);
          this.upkeep.look(now);
          return committed;
        });
        if (done.events.length > 0) this.committed(done.events, done.results);
        if (kit.failpoint !== NO_FAILPOINTS) ctx.waitUntil(this.#committedFailpoint(ctx));
        return done;
      },
      enter: (by, now) => {
        const entered = kit.transaction(() => desk.enter(by, now));
        if (entered.ok && entered.value.events.length > 0) this.committed(entered.value.events, []);
        return entered;
      },
      recover: (since, replay) => this.#recover(since, replay),
      position: () => desk.position(),
      noteReceipt: (subject, receipt, now) => desk.noteReceipt(subject, receipt, now),
      storeReceipts: (now) => kit.transaction(() => desk.storeReceipts(now)),
      receipts: () => desk.receipts(),
      memberCount: () => desk.memberCount(),
      noteSeen: (subject, at) => desk.noteSeen(subject, at),
      lastSeen: (subject) => desk.lastSeen(subject),
      member: (subject) => desk.member(subject),
    };
  }

  /** Without a place a subscription begins with messages, and those that are too old are not shown, gone from their rows or not. */
  #recover(...[since, replay]: Parameters<RoomActs["recover"]>): ReturnType<RoomActs["recover"]> {
    const found = this.desk.recover(since, replay);
    const cutoff = this.#cutoff();
    return since === undefined ? { ...found, events: found.events.filter(({ at }) => at >= cutoff) } : found;
  }

  #cutoff(): number {
    const head = this.head();
    return head ? cutoffOf(head, this.kit.now()) : Number.NEGATIVE_INFINITY;
  }

  /** Crash tests end the process here: what was committed is on disk, and nobody knows of it yet. */
  async #committedFailpoint(ctx: DurableObjectState): Promise<void> {
    await ctx.storage.sync();
    this.kit.failpoint("committed");
  }

  /** Pacing only: what is lost with this timer is said again by its clients. */
  #storeReceiptsSoon(): void {
    if (this.#receipts !== undefined) return;
    this.#receipts = setTimeout(() => {
      this.#receipts = undefined;
      if (this.head()?.state !== "live") return;
      this.acts.storeReceipts(this.kit.now());
      if (this.desk.book.isDirty) this.#storeReceiptsSoon();
    }, L.receiptStoreMs);
  }
}

/** Lets what waits have its turn. */
async function turn(): Promise<void> {
  await scheduler.wait(0);
}
