import type { ServerFrame } from "../contract/live.ts";
import type { PersonPresence, PresencePush, ReceiptsPush, RoomFrame, TypingPush } from "../contract/room-live.ts";
import { ROOM_LIMITS } from "../contract/room-limits.ts";
import type { History, Message, MessageInput, Receipt } from "../contract/rooms.ts";
import { type HistoryAsk, roomsApi, type RoomsApi } from "./api/rooms.ts";
import { LiveClient, type LiveDeps, type LiveEvent, type LiveFrame, type LiveStatus } from "./live.ts";
import type { RecoveryRefusal } from "./live-types.ts";
import { PendingChanges } from "./room-changes.ts";
import { RoomLog } from "./room-log.ts";
import { OwnSignals } from "./room-own.ts";
import { type QueueStore, RoomQueue, type Unsent } from "./room-queue.ts";
import { Typists } from "./room-typists.ts";
import type { Call } from "./transport.ts";

/** Messages under way without an acknowledgement: the next waits, so that a refusal for the rate holds up what is behind it. */
const IN_FLIGHT = 20;
const RETRY_MS = 1_000;
/** Refusals that pass: the message and those behind it are sent again. */
const PASSING: ReadonlySet<string> = new Set(["rate-limited", "overloaded", "unavailable", "in-progress"]);

export interface RoomDeps {
  readonly live: LiveDeps;
  readonly queue: QueueStore;
  /** Makes a `clientId`. */
  readonly newId: () => string;
  /** Whether batches may come compressed. */
  readonly deflate?: boolean;
}

/** What there is of the history on this side. */
export interface RoomRange {
  readonly hasOlder: boolean;
  /** After a jump: newer messages exist that are not here. */
  readonly hasNewer: boolean;
}

export type Draft = Partial<Pick<MessageInput, "text" | "mediaId" | "replyTo" | "mentions">>;

/**
 * One room as one person sees it, kept current: messages, receipts, who types, who is there; what is written while there is no
 * connection waits and goes out in order. `onChange` says that something looks different, at most once a turn.
 *
 *     const room = openRoom(user.request, "lobby", `${slug} ${user.subject.sub}`);
 *     room.onChange(() => render(room.messages, room.unsent));
 *     room.open();
 *     await room.send({ text: "Hello" });
 */
export class RoomClient {
  readonly room: string;
  readonly #api: RoomsApi;
  readonly #deps: RoomDeps;
  readonly #live: LiveClient;
  readonly #log = new RoomLog();
  readonly #queue: RoomQueue;
  readonly #typists: Typists;
  readonly #receipts = new Map<string, Receipt>();
  readonly #presence = new Map<string, PersonPresence>();
  readonly #changes: PendingChanges;
  readonly #own: OwnSignals;
  readonly #listeners = new Set<() => void>();
  readonly #eventListeners = new Set<(event: LiveEvent) => void>();
  #range: RoomRange = { hasOlder: false, hasNewer: false };
  #announced = false;
  /** The room's newest offset when history was read last; -1 before. */
  #asOf = -1;
  #reading: Promise<void> | undefined;
  #subscribed = false;
  #cancelRetry: (() => void) | undefined;
  #refusal: { readonly code: string; readonly detail: string } | undefined;
  #gaps = 0;

  constructor(request: Call, room: string, deps: RoomDeps) {
    this.room = room;
    this.#api = roomsApi(request);
    this.#deps = deps;
    this.#queue = new RoomQueue(room, deps.queue, () => this.#changed());
    this.#typists = new Typists(deps.live, () => this.#changed());
    this.#changes = new PendingChanges(deps.newId);
    this.#live = new LiveClient(deps.live);
    this.#own = new OwnSignals(deps.live, (frame) => this.#subscribed && this.#live.send(frame));
    this.#live.onStatus(({ light }) => {
      if (light !== "live") this.#lost();
      this.#changed();
    });
    this.#live.onFrame((frame) => this.#take(frame));
    this.#live.subscribe(`room/${room}`, {
      event: (event) => this.#event(event),
      subscribed: ({ offset }, recovered, reason) => this.#joined(offset, recovered, reason),
      gap: () => void this.#readAnew(),
      refused: (code, detail) => {
        this.#refusal = { code, detail };
        this.#changed();
      },
    });
  }

  get status(): LiveStatus {
    return this.#live.status;
  }

  /** Stored messages in the room's order. */
  get messages(): readonly Message[] {
    return this.#log.messages;
  }

  /** What was written here and is not among the messages yet, in order. */
  get unsent(): readonly Unsent[] {
    const stored = new Set(this.#log.messages.slice(-2 * IN_FLIGHT).map(({ clientId }) => clientId));
    return this.#queue.items.filter(({ clientId }) => !stored.has(clientId));
  }

  isInFlight(clientId: string): boolean {
    return this.#queue.isInFlight(clientId);
  }

  get range(): RoomRange {
    return this.#range;
  }

  /** By `issuer|sub`. */
  get receipts(): ReadonlyMap<string, Receipt> {
    return this.#receipts;
  }

  get presence(): ReadonlyMap<string, PersonPresence> {
    return this.#presence;
  }

  /** Who types just now. */
  get typing(): readonly string[] {
    return this.#typists.people;
  }

  /** Why there is nothing to see here, if so. */
  get refusal(): { readonly code: string; readonly detail: string } | undefined {
    return this.#refusal;
  }

  /** How often the room could not say what was missed, so that everything was read anew. */
  get gaps(): number {
    return this.#gaps;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Every event of the room's log, as it comes: members, names, messages. */
  onEvent(listener: (event: LiveEvent) => void): () => void {
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }

  /** Connects, and reads the newest messages at the same time. */
  open(): void {
    void this.#queue.load(this.#deps.live.now()).then(() => this.#pump());
    void this.#readNewest();
    this.#live.connect();
  }

  retryNow(): void {
    this.#live.retryNow();
  }

  close(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#own.close();
    this.#live.close();
  }

  /** @returns false when a thousand messages wait already: this one is not taken */
  async send(draft: Draft): Promise<boolean> {
    const message: MessageInput = { text: "", mediaId: null, replyTo: null, mentions: [], ...draft, clientId: this.#deps.newId() };
    await this.#queue.load(this.#deps.live.now());
    const taken = await this.#queue.add(message, this.#deps.live.now());
    this.#own.noLongerTyping();
    this.#pump();
    return taken;
  }

  retry(clientId: string): void {
    this.#queue.retry(clientId);
    this.#pump();
  }

  discard(clientId: string): void {
    this.#queue.discard(clientId);
  }

  /** @throws RoomRefusal, or when there is no connection what the HTTP call throws */
  async edit(offset: number, text: string, mentions: readonly string[] = []): Promise<void> {
    await this.#change(
      (ref) => ({ v: 1, type: "edit", ref, offset, text, mentions: [...mentions] }),
      async () => await this.#api.edit(this.room, offset, { text, mentions: [...mentions] }),
    );
  }

  async erase(offset: number): Promise<void> {
    await this.#change(
      (ref) => ({ v: 1, type: "delete", ref, offset }),
      async () => await this.#api.erase(this.room, offset),
    );
  }

  async react(offset: number, emoji: string, on: boolean): Promise<void> {
    await this.#change(
      (ref) => ({ v: 1, type: "react", ref, offset, emoji, on }),
      async () => await this.#api.react(this.room, offset, emoji, on),
    );
  }

  /** The person has seen everything up to here. */
  read(offset: number): void {
    this.#own.read(offset);
  }

  /** Says that the person types, as often as it is called but told at most once a second; `false` when they stop. */
  type(on: boolean): void {
    this.#own.typing(on);
  }

  setPresence(state: "online" | "away"): void {
    this.#live.send({ v: 1, type: "presence", state });
  }

  /** The page before the oldest message here. */
  async loadOlder(): Promise<void> {
    const [oldest] = this.#log.messages;
    if (!oldest || !this.#range.hasOlder) return;
    const page = await this.#page({ before: oldest.offset, limit: ROOM_LIMITS.page });
    this.#range = { ...this.#range, hasOlder: page.hasMore };
    this.#changed();
  }

  /** The page after the newest one here, after a jump. */
  async loadNewer(): Promise<void> {
    const newest = this.#log.messages.at(-1);
    if (!newest || !this.#range.hasNewer) return;
    const page = await this.#page({ after: newest.offset, limit: ROOM_LIMITS.page });
    this.#range = { ...this.#range, hasNewer: page.hasMore };
    this.#changed();
  }

  /** Shows the messages around one, in place of what is here. */
  async jumpTo(offset: number): Promise<void> {
    if (this.#log.get(offset)) return;
    const page = await this.#api.messages(this.room, { around: offset, limit: ROOM_LIMITS.page });
    this.#log.clear();
    this.#log.page(page.items, page.offset);
    const newest = page.items.at(-1);
    this.#range = { hasOlder: (page.items[0]?.offset ?? 1) > 1, hasNewer: newest !== undefined && newest.offset < page.offset };
    this.#changed();
  }

  /** Back to the end of the room. */
  async jumpToNewest(): Promise<void> {
    if (!this.#range.hasNewer) return;
    await this.#readAnew();
  }

  #take(frame: LiveFrame): void {
    switch (frame.type) {
      case "ack":
        for (const { ref } of frame.items) if (!this.#queue.acknowledged(ref)) this.#changes.acknowledged(ref);
        this.#pump();
        return;
      case "error":
        return this.#refused(frame);
      case "typing":
        for (const { subject, on } of (frame as unknown as TypingPush).items) this.#typists.told(subject, on);
        return;
      case "presence":
        for (const person of (frame as unknown as PresencePush).items) this.#presence.set(person.subject, person);
        return this.#changed();
      case "receipts":
        for (const receipt of (frame as unknown as ReceiptsPush).items) this.#receipts.set(receipt.subject, receipt);
        return this.#changed();
      case "welcome":
      case "refreshed":
      case "subscribed":
      case "unsubscribed":
      case "batch":
      case "goodbye":
      case "conflict":
      case "degraded":
        return; // the link and the subscriptions have had theirs
    }
  }

  #event(event: LiveEvent): void {
    this.#refusal = undefined;
    if (event.type === "message") {
      const message = event.data as Message; // the contract of rooms' channels
      this.#typists.told(message.sender, false);
      if (!this.#range.hasNewer) this.#log.event(event);
      this.#own.delivered(event.offset);
    } else this.#log.event(event);
    for (const listener of this.#eventListeners) listener(event);
    this.#changed();
  }

  #joined(offset: number, recovered: boolean, reason: RecoveryRefusal | undefined): void {
    this.#subscribed = true;
    this.#refusal = undefined;
    if (this.#deps.deflate === true) this.#live.send({ v: 1, type: "options", data: { deflate: true } });
    this.#own.joined();
    if (reason !== undefined) {
      this.#gaps++;
      void this.#readAnew();
    } else if (!recovered && offset > this.#asOf) void this.#readNewest(true);
    this.#pump();
  }

  #lost(): void {
    this.#subscribed = false;
    this.#queue.disconnected();
    this.#typists.clear();
    this.#own.noLongerTyping();
    this.#changes.lost();
  }

  /** @param again whatever is being read already may be too old */
  async #readNewest(again = false): Promise<void> {
    if (again) await this.#reading;
    await (this.#reading ??= this.#readPage().finally(() => {
      this.#reading = undefined;
    }));
  }

  async #readAnew(): Promise<void> {
    await this.#reading;
    this.#log.clear();
    this.#range = { hasOlder: false, hasNewer: false };
    await this.#readNewest();
  }

  async #readPage(): Promise<void> {
    try {
      const before = this.#log.messages.length;
      const page = await this.#page({ limit: ROOM_LIMITS.replay });
      this.#asOf = Math.max(this.#asOf, page.offset);
      if (before === 0) this.#range = { hasOlder: page.hasMore, hasNewer: false };
    } catch (error) {
      const code = error instanceof Error && "slug" in error ? String(error.slug) : "unreachable";
      this.#refusal = { code, detail: error instanceof Error ? error.message : String(error) };
    }
    this.#changed();
  }

  async #page(ask: HistoryAsk): Promise<History> {
    const page = await this.#api.messages(this.room, ask);
    this.#log.page(page.items, page.offset);
    return page;
  }

  #pump(): void {
    if (!this.#subscribed || this.#cancelRetry) return;
    for (const message of this.#queue.take(IN_FLIGHT)) this.#live.send({ v: 1, type: "send", ...message });
    this.#changed();
  }

  #refused({ ref, code, detail, retryAfterMs }: Extract<ServerFrame, { type: "error" }>): void {
    if (ref === undefined) return;
    if (this.#changes.refused(ref, code, detail)) return;
    if (!PASSING.has(code)) return this.#queue.failed(ref, { code, detail });
    this.#queue.postpone();
    this.#cancelRetry ??= this.#deps.live.after(retryAfterMs ?? RETRY_MS, () => {
      this.#cancelRetry = undefined;
      this.#pump();
    });
  }

  async #change(frame: (ref: string) => RoomFrame, byHttp: () => Promise<unknown>): Promise<void> {
    if (!this.#subscribed) return void (await byHttp());
    await this.#changes.ask(frame, (asked) => this.#live.send(asked));
  }

  #changed(): void {
    if (this.#announced) return;
    this.#announced = true;
    queueMicrotask(() => {
      this.#announced = false;
      for (const listener of this.#listeners) listener();
    });
  }
}
