import { DurableObject } from "cloudflare:workers";
import { objectAt } from "../../contract/address.ts";
import { cryptoRandom, randomText } from "../../contract/ids.ts";
import type { Page } from "../../contract/pages.ts";
import type { MaintenanceOrder, MaintenanceReport } from "../../contract/rpc/maintenance.ts";
import type { InboxEntry, InboxNote, InboxPush, InboxRpc } from "../../contract/rpc/inbox.ts";
import type { TopicPosition } from "../../contract/rpc/metrics.ts";
import { LiveInterest } from "../../core/kit/live-interest.ts";
import type { ObjectsEnv } from "../env.ts";
import { errorText, logLine } from "../kit/log.ts";
import { createKit, type ObjectKit } from "../kit/object-kit.ts";
import { Conversations, INBOX_TABLES } from "./inbox/conversations.ts";

const EPOCH_CHARS = 12;
const NEWS_MS = 3_600_000;
/** What is unread is told together with what else becomes unread by then. */
const UNREAD_MS = 2_000;

/** `{tenantId}/inbox/{ref}`: one person's conversations, as their rooms tell of them. */
export class Inbox extends DurableObject<ObjectsEnv> implements InboxRpc {
  readonly #kit: ObjectKit;
  readonly #conversations: Conversations;
  /** Where the person looks: in memory, hubs renew it. */
  readonly #interest = new LiveInterest(randomText(EPOCH_CHARS, cryptoRandom));

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#kit = createKit(ctx, env, {
      kind: "inbox",
      migrations: [{ id: 1, name: "conversations", additive: true, up: INBOX_TABLES }],
      registered: true,
      paceAggregatesMs: UNREAD_MS,
      // Rooms forget the person by themselves; what they said here goes as a whole.
      forgetSubject: (_subject, ref) => (ref === this.#kit.address.name ? this.#conversations.forgetAll() : 0),
    });
    this.#conversations = new Conversations(ctx.storage.sql);
  }

  async note(notes: readonly InboxNote[]): Promise<void> {
    await this.#kit.ready();
    const now = this.#kit.now();
    const isOnline = this.#interest.current(now).size > 0;
    const news = this.#kit.transaction(() =>
      notes.filter((note) => {
        const isNew = this.#conversations.note(note, now);
        if (isNew && !isOnline && !note.isHere) this.#tellOffline(note, now);
        return isNew;
      }),
    );
    this.#publish(news, now);
  }

  async list(limit: number, cursor?: string): Promise<Page<InboxEntry>> {
    return await this.#kit.read(() => this.#conversations.list(limit, cursor) ?? { items: [], nextCursor: null });
  }

  async interest(hub: string, topics: readonly string[], untilMs: number): Promise<TopicPosition[]> {
    await this.#kit.ready();
    return this.#interest.lease(hub, topics, untilMs);
  }

  async maintain<O extends MaintenanceOrder>(order: O): Promise<MaintenanceReport<O>> {
    return await this.#kit.maintain(order);
  }

  override async alarm(): Promise<void> {
    await this.#kit.alarm();
  }

  async outboxStatus(): Promise<{ depth: number; oldestAt: number | null }> {
    return await this.#kit.read(() => this.#kit.outbox.status());
  }

  async confirmOutbox(seqs: readonly number[]): Promise<void> {
    await this.#kit.ready();
    this.#kit.transaction(() => this.#kit.outbox.confirm(seqs));
  }

  /** Somebody who is nowhere hears of it through notifications, at most once a minute and room. */
  #tellOffline({ room, state, summary }: InboxNote, now: number): void {
    if (state !== "active" || !summary?.last || summary.unread === 0) return;
    // History that was loaded from elsewhere is no news.
    if (summary.last.at < now - NEWS_MS || !this.#conversations.mayTell(room, now)) return;
    const data = { room, ref: this.#kit.address.name, unread: summary.unread, mentions: summary.mentions, offset: summary.offset };
    this.#kit.outbox.emit({ type: "meridian.room.unread", subject: `subject/${this.#kit.address.name}`, data });
  }

  #publish(notes: readonly InboxNote[], now: number): void {
    if (notes.length === 0) return;
    const { tenantId, name } = this.#kit.address;
    const hubs = this.#interest.current(now);
    if (hubs.size === 0) return;
    const publications = notes.map((note) => {
      const { epoch, offset } = this.#interest.advance(name);
      const entry = this.#conversations.entry(note.room);
      const data: InboxPush = entry ? { ...entry, gone: false } : { room: note.room, gone: true };
      return { channel: `inbox/${name}`, epoch, offset, type: "conversation", at: now, data };
    });
    for (const hub of hubs.keys()) {
      this.ctx.waitUntil(
        objectAt(this.env.HUB, { tenantId, kind: "hub", name: hub })
          .publish(publications)
          .then(
            (subscribers) => {
              if (subscribers === 0) this.#interest.drop(hub);
            },
            // The next publication has a higher offset: the client sees the hole and lists anew.
            (error: unknown) => logLine("warn", "a hub could not be told of conversations", { hub, error: errorText(error) }),
          ),
      );
    }
  }
}
