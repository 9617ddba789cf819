import type { Publication } from "../../../contract/rpc/hub.ts";
import type { TopicQuestion, TopicQuestions, TopicRecovery, TopicSince } from "../../../contract/rpc/topics.ts";
import { encodeCursor } from "../../../contract/cursor.ts";
import { accept, type Outcome } from "../../../contract/problems.ts";
import { ROOM_LIMITS, TOPIC_LIMITS } from "../../../contract/room-limits.ts";
import type { TopicItem } from "../../../contract/topics.ts";
import { utf8Bytes } from "../unread-bytes.ts";
import { entryOf, NO_TOPIC, publicationOf, type TopicDesk } from "./desk.ts";
import type { TopicEntry, TopicRow, TopicStore } from "./store.ts";

/** What a home answers about its topics; changes nothing. */
export class TopicReads {
  readonly #store: TopicStore;
  readonly #desk: TopicDesk;

  constructor(store: TopicStore, desk: TopicDesk) {
    this.#store = store;
    this.#desk = desk;
  }

  ask<Q extends TopicQuestion>(
    channel: string,
    question: Q,
    ask: TopicQuestions[Q]["ask"],
    now: number,
  ): Outcome<TopicQuestions[Q]["answer"]> {
    const row = this.#desk.find(channel);
    return row ? accept(ANSWERS[question](this.#store, this.#desk, row, ask, now)) : { ok: false, problem: NO_TOPIC };
  }

  /** Everything after a position, or nothing at all and why; null when there is no such topic. */
  since(channel: string, since: TopicSince, now: number): TopicRecovery | null {
    const row = this.#desk.find(channel);
    if (!row) return null;
    const { epoch, offset } = row;
    const floor = this.#desk.floorOf(row, now);
    if ("replay" in since) {
      const newest = this.#store
        .before(channel, offset + 1, Math.min(since.replay, ROOM_LIMITS.replay))
        .filter((one) => one.offset > floor);
      return this.#whole(row, newest.toReversed());
    }
    const refuse = (reason: Extract<TopicRecovery, { ok: false }>["reason"]): TopicRecovery => ({ ok: false, epoch, offset, reason });
    if (since.epoch !== epoch || since.offset > offset) return refuse("epoch-changed");
    if (since.offset < floor) return refuse("too-old");
    if (offset - since.offset > ROOM_LIMITS.recoveryEvents) return refuse("too-many");
    const entries = this.#store.after(channel, since.offset, ROOM_LIMITS.recoveryEvents);
    let bytes = 0;
    for (const { data } of entries) bytes += utf8Bytes(data);
    return bytes > ROOM_LIMITS.recoveryBytes ? refuse("too-many") : this.#whole(row, entries);
  }

  /** The newest message again, for hubs that may not have heard of it. */
  newest(channel: string): { readonly publication: Publication; readonly at: number } | undefined {
    const row = this.#desk.find(channel);
    const entry = row && this.#store.after(channel, row.offset - 1, 1)[0];
    return row && entry ? { publication: publicationOf(row, entry), at: entry.at } : undefined;
  }

  #whole(row: TopicRow, entries: readonly TopicEntry[]): TopicRecovery {
    const offset = (entries[0]?.offset ?? row.offset + 1) - 1;
    return { ok: true, epoch: row.epoch, offset, publications: entries.map((entry) => publicationOf(row, entry)) };
  }
}

type Answers = {
  readonly [Q in TopicQuestion]: (
    store: TopicStore,
    desk: TopicDesk,
    row: TopicRow,
    ask: TopicQuestions[Q]["ask"],
    now: number,
  ) => TopicQuestions[Q]["answer"];
};

const ANSWERS: Answers = {
  figures: (_store, desk, row, _ask, now) => desk.figures(row, now),
  messages: (store, desk, row, { limit, before = row.offset + 1 }, now) => {
    const floor = desk.floorOf(row, now);
    const found = store.before(row.channel, before, limit + 1).filter(({ offset }) => offset > floor);
    const items = found.slice(0, limit).map((entry) => itemOf(row, entry));
    const last = items.at(-1);
    const nextCursor = last && found.length > limit ? encodeCursor([last.offset]) : null;
    return { items, nextCursor, epoch: row.epoch, offset: row.offset };
  },
  state: (store, _desk, row, { limit, after = "" }) => {
    const found = store.keys(row.channel, after, limit + 1);
    const items = found.slice(0, limit).map(entryOf);
    const last = items.at(-1);
    return { items, nextCursor: last && found.length > limit ? encodeCursor([last.key]) : null };
  },
  conflicts: (store, _desk, row) => ({ items: store.conflicts(row.channel).slice(0, TOPIC_LIMITS.conflicts) }),
};

function itemOf({ epoch }: TopicRow, { by: _by, data, ...entry }: TopicEntry): TopicItem {
  return { ...entry, id: `${epoch}:${entry.offset}`, data: JSON.parse(data) as unknown }; // JSON of ours
}
