import { cryptoRandom, randomText } from "../../../contract/ids.ts";
import { accept, type Outcome, refuse } from "../../../contract/problems.ts";
import type { RoomEvent } from "../../../contract/room-live.ts";
import type {
  History,
  HistoryQuery,
  Member,
  Message,
  MessageAck,
  MessageInput,
  Receipt,
  ReceiptPut,
  RoomImportReply,
} from "../../../contract/rooms.ts";
import type { CallMeta } from "../../../contract/rpc/call.ts";
import type { MediaRecord, RoomCaller, RoomDefinition, RoomQuestion, RoomQuestions } from "../../../contract/rpc/room.ts";
import type { Committed, CommitResult, RoomChange, Standing } from "../../../core/live/rooms/acts.ts";
import { type MessageSource, readHistory } from "../../../core/live/rooms/history.ts";
import { LogWriter } from "../../../core/live/rooms/log-writer.ts";
import { NO_ROOM } from "../../../core/live/rooms/membership.ts";
import type { StoredMedia } from "../../../core/live/rooms/store.ts";
import { messageOf } from "../../../core/live/rooms/views.ts";
import { configure } from "./book.ts";
import type { RoomCore } from "./room-core.ts";
import { wasConfigured } from "./sql-head.ts";
import { cutoffOf } from "./upkeep.ts";

const EPOCH_CHARS = 12;

/** How each question is answered. */
type Answers = {
  readonly [Q in RoomQuestion]: (
    by: RoomCaller,
    ask: RoomQuestions[Q]["ask"],
  ) => Outcome<RoomQuestions[Q]["answer"]> | Promise<Outcome<RoomQuestions[Q]["answer"]>>;
};

/** What a room is asked for over HTTP: each call is one transaction, and what came of it is told to its sockets. */
export class RoomCalls {
  readonly #core: RoomCore;
  readonly #sql: SqlStorage;
  readonly #answers: Answers;
  /** Once there, a room's tables stay as long as the object. */
  #wasConfigured = false;

  constructor(core: RoomCore, sql: SqlStorage) {
    this.#core = core;
    this.#sql = sql;
    const { reads } = core;
    this.#answers = {
      view: (by) => reads.view(by),
      members: (by, { limit, cursor }) => reads.members(by, limit, cursor),
      history: async (by, query) => await this.#history(by, query),
      trace: (by, { offset }) => reads.trace(by, offset),
      media: (by, { mediaId }) => this.#media(by, mediaId),
      summary: (by) => reads.summary(by),
    };
  }

  async configure(definition: RoomDefinition, meta: CallMeta): Promise<Outcome<{ version: number }>> {
    const { kit, desk, store, upkeep } = this.#core;
    const told: RoomEvent[] = [];
    const outcome = await kit.change<{ version: number }>(meta, (now) => {
      const done = configure(desk, store, definition, meta.actor, randomText(EPOCH_CHARS, cryptoRandom), now);
      if (!done.ok) return done;
      told.push(...done.value.events);
      upkeep.lookNow(now);
      return accept({ version: done.value.version });
    });
    this.#core.tell(told);
    return outcome;
  }

  async remove(meta: CallMeta): Promise<Outcome<null>> {
    const { kit, removal, sockets } = this.#core;
    const outcome = await this.with(
      async () =>
        await kit.change<null>(meta, (now) => {
          removal.begin(now);
          return accept(null);
        }),
    );
    if (outcome.ok) sockets?.gone();
    // Asked again while it goes on: not found is said when nothing is left, and its name free.
    else if (outcome.problem.slug === "not-found" && this.#wasConfigured && this.#core.head()) return accept(null);
    return outcome;
  }

  async post(by: RoomCaller, messages: readonly MessageInput[], meta: CallMeta): Promise<Outcome<{ items: MessageAck[] }>> {
    return await this.#change(by, sends(messages), meta, (results) => {
      const room = this.#core.kit.address.name;
      const items = results.map(({ offset, at }, n) => ({ clientId: messages[n]?.clientId ?? "", offset, id: `${room}:${offset}`, at }));
      return { items };
    });
  }

  /** One change of one message. @returns the place where it is in the log */
  async touch(by: RoomCaller, change: RoomChange, meta: CallMeta): Promise<Outcome<{ offset: number }>> {
    return await this.#change(by, [change], meta, ([done]) => ({ offset: done?.offset ?? 0 }));
  }

  /** A message in the archive is deleted here only: what wants it has to be read first. */
  async erase(by: RoomCaller, offset: number, meta: CallMeta): Promise<Outcome<{ offset: number }>> {
    return await this.with(async () => {
      const { desk, sealed, store, archive, kit, upkeep } = this.#core;
      if (offset > store.places().floor) return await this.touch(by, { type: "delete", offset }, meta);
      const message = await sealed.find(offset);
      const told: RoomEvent[] = [];
      const outcome = await kit.change<{ offset: number }>(meta, (now) => {
        const head = store.head();
        const rights = desk.look(by);
        if (head?.state !== "live" || !rights?.standing.mayRead) return NO_ROOM;
        if (!message) return refuse("not-found", "There is no such message here.");
        if (message.sender !== by.id && !rights.moderates) return refuse("forbidden", "Only its author or a moderator changes a message.");
        if (message.deletedAt !== null) return accept({ offset: store.places().offset });
        const log = new LogWriter(store, head, now);
        archive.bury(offset, now);
        if (message.mediaId !== null) store.useMedia(message.mediaId, -1);
        upkeep.buried(now);
        const place = log.note({ type: "deleted", data: { offset, by: by.id } });
        desk.end(log);
        told.push(...log.events);
        return accept({ offset: place });
      });
      this.#core.tell(told);
      return outcome;
    });
  }

  async putMember(
    by: RoomCaller,
    { subject, ref }: { subject: string; ref: string },
    change: Extract<RoomChange, { type: "put-member" }>["change"],
    meta: CallMeta,
  ): Promise<Outcome<Member>> {
    const missing = refuse("not-found", "There is no such member.");
    const done = await this.#change(
      by,
      [{ type: "put-member", subject, ref, change }],
      meta,
      () => this.#core.desk.member(subject) ?? null,
    );
    return done.ok ? (done.value === null ? missing : accept(done.value)) : done;
  }

  async removeMember(by: RoomCaller, subject: string, meta: CallMeta): Promise<Outcome<null>> {
    return await this.#change(by, [{ type: "remove-member", subject }], meta, () => null);
  }

  async putReceipts(by: RoomCaller, receipt: ReceiptPut): Promise<Outcome<Receipt>> {
    return await this.with(async () => {
      const { kit, desk, sockets, acts } = this.#core;
      const entered = this.#enter(by);
      if (!entered.ok) return entered;
      if (by.kind !== "subject" || !desk.membership.find(by.id)) return refuse("forbidden", "Only members have receipts.");
      const now = kit.now();
      const noted = desk.noteReceipt(by.id, receipt, now);
      if (!noted.ok) return noted;
      // Whoever has no socket says it once; whoever has one says it again.
      acts.storeReceipts(now);
      if (noted.value) sockets?.receipt(noted.value);
      const { deliveredOffset = 0, readOffset = 0 } = desk.membership.find(by.id) ?? {};
      return accept({ subject: by.id, deliveredOffset, readOffset });
    });
  }

  async ask<Q extends RoomQuestion>(
    by: RoomCaller,
    question: Q,
    ask: RoomQuestions[Q]["ask"],
  ): Promise<Outcome<RoomQuestions[Q]["answer"]>> {
    return await this.with(async () => await this.#answers[question](by, ask));
  }

  async importMessages(by: RoomCaller, lines: Uint8Array, batchId: string): Promise<Outcome<RoomImportReply>> {
    return await this.with(async () => {
      const rights = this.#core.desk.look(by);
      if (!rights) return NO_ROOM;
      // What others are to have said needs more than a role here: the tenant's word.
      if (!by.granted.includes("manage")) return refuse("forbidden", "Importing needs `rooms:manage`.");
      return await this.#core.imports.run(lines, batchId);
    });
  }

  async mayUpload(by: RoomCaller): Promise<Outcome<null>> {
    return await this.with(() => this.#enterToWrite(by));
  }

  async noteMedia(by: RoomCaller, media: MediaRecord, meta: CallMeta): Promise<Outcome<MediaRecord>> {
    return await this.with(async () => {
      const { kit, store, upkeep } = this.#core;
      const entered = this.#enterToWrite(by);
      if (!entered.ok) return entered;
      return await kit.change<MediaRecord>(meta, (now) => {
        if (store.head()?.state !== "live") return NO_ROOM;
        const held = store.media(media.mediaId);
        if (!held) store.putMedia({ ...media, by: by.id, at: now });
        upkeep.unused(now);
        return accept(held ? recordOf(held) : media);
      });
    });
  }

  /** Whether there is such a room. */
  async isThere(): Promise<boolean> {
    return (await this.with(() => accept(null))).ok;
  }

  /** Works with a room that is there. One that never was is not opened: asking for a name must not make an object of it. */
  async with<T>(work: () => Outcome<T> | Promise<Outcome<T>>): Promise<Outcome<T>> {
    this.#wasConfigured ||= wasConfigured(this.#sql);
    if (!this.#wasConfigured) return NO_ROOM;
    try {
      await this.#core.kit.ready();
    } catch {
      // The kit has logged why.
      return refuse("unavailable", "The room cannot be opened at the moment. Try again in a few seconds.", { retryAfterS: 5 });
    }
    return this.#core.head()?.state === "live" ? await work() : NO_ROOM;
  }

  /** Changes in order, up to the first that is refused; what came before it is stored, and is recognised when it is sent again. */
  async #change<T>(
    by: RoomCaller,
    changes: readonly RoomChange[],
    meta: CallMeta,
    answer: (results: readonly Committed[]) => T,
  ): Promise<Outcome<T>> {
    return await this.with(async () => {
      const { kit, desk, upkeep } = this.#core;
      let done: CommitResult = { results: [], events: [] };
      const outcome = await kit.change<T>(meta, (now) => {
        done = desk.commitInOrder(
          changes.map((change) => ({ by, change })),
          now,
        );
        upkeep.look(now);
        const refused = done.results.find((result) => !result.ok);
        return refused ?? accept(answer(done.results.flatMap((result) => (result.ok ? [result.value] : []))));
      });
      this.#core.tell(done.events, done.results);
      return outcome;
    });
  }

  /** Comes in; told to everybody who is there when it makes a member of them. */
  #enter(by: RoomCaller): Outcome<Standing> {
    const entered = this.#core.acts.enter(by, this.#core.kit.now());
    if (!entered.ok) return entered;
    if (entered.value.events.length > 0) this.#core.told(entered.value.events, []);
    return accept(entered.value.standing);
  }

  #enterToWrite(by: RoomCaller): Outcome<null> {
    const entered = this.#enter(by);
    if (!entered.ok) return entered;
    return entered.value.mayWrite ? accept(null) : refuse("forbidden", "You may read here, and not write.");
  }

  async #history(by: RoomCaller, query: HistoryQuery): Promise<Outcome<History>> {
    const { kit, desk, store } = this.#core;
    const rights = desk.look(by);
    if (!rights?.standing.mayRead) return NO_ROOM;
    const isInside = by.kind !== "subject" || rights.member?.state === "active";
    const entered = isInside ? undefined : this.#enter(by);
    if (entered?.ok === false) return entered;
    const head = store.head();
    if (!head) return NO_ROOM;
    const { offset } = store.places();
    const page = await readHistory(this.#messages, query, offset, cutoffOf(head, kit.now()));
    if (!page.ok) return page;
    const items: Message[] = page.value.items.map((message) => messageOf(head.room, message));
    const { nextCursor } = page.value;
    return accept({ items, nextCursor, hasMore: nextCursor !== null, epoch: head.epoch, offset });
  }

  /** Messages of the room itself, and behind them those of the archive. */
  readonly #messages: MessageSource = {
    before: async (offset, limit) => {
      const { store, sealed } = this.#core;
      const hot = store.messagesBefore(offset, limit);
      if (hot.length >= limit) return hot;
      return [...(await sealed.before(hot[0]?.offset ?? offset, limit - hot.length)), ...hot];
    },
    after: async (offset, limit) => {
      const { store, sealed } = this.#core;
      for (;;) {
        const { floor } = store.places();
        const old = offset < floor ? await sealed.after(offset, limit) : [];
        // What was sealed meanwhile is neither among those nor here.
        if (store.places().floor !== floor) continue;
        return old.length >= limit ? old : [...old, ...store.messagesAfter(old.at(-1)?.offset ?? offset, limit - old.length)];
      }
    },
  };

  #media(by: RoomCaller, mediaId: string): Outcome<MediaRecord> {
    const { desk, store } = this.#core;
    if (desk.look(by)?.standing.mayRead !== true) return NO_ROOM;
    const media = store.media(mediaId);
    return media ? accept(recordOf(media)) : refuse("not-found", "There is no such file here.");
  }
}

function sends(messages: readonly MessageInput[]): RoomChange[] {
  return messages.map((message) => ({ type: "send", message }));
}

function recordOf({ mediaId, type, bytes, width, height, hasThumbnail, sha256 }: StoredMedia): MediaRecord {
  return { mediaId, type, bytes, width, height, hasThumbnail, sha256 };
}
