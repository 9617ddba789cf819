import type { TopicConflict } from "../../../contract/topics.ts";
import type { KeyRow, TopicEntry, TopicRow, TopicStore } from "./store.ts";

/** Topics in memory, naively: what the store in SQL is held against, and what models run on. */
export class MemoryTopics implements TopicStore {
  readonly rows = new Map<string, TopicRow>();
  readonly entries = new Map<string, TopicEntry[]>();
  readonly states = new Map<string, Map<string, KeyRow>>();
  readonly lost = new Map<string, TopicConflict[]>();
  readonly hubs = new Map<string, Set<number>>();

  find(channel: string): TopicRow | undefined {
    return this.rows.get(channel);
  }
  save(row: TopicRow): void {
    this.rows.set(row.channel, row);
  }
  forget(channel: string): void {
    this.rows.delete(channel);
  }
  append(channel: string, entry: TopicEntry): void {
    this.entries.set(channel, [...this.#of(channel), entry]);
  }
  after(channel: string, offset: number, limit: number): TopicEntry[] {
    return this.#of(channel)
      .filter((one) => one.offset > offset)
      .slice(0, limit);
  }
  before(channel: string, offset: number, limit: number): TopicEntry[] {
    return this.#of(channel)
      .filter((one) => one.offset < offset)
      .toReversed()
      .slice(0, limit);
  }
  sent(channel: string, by: string, clientId: string): TopicEntry | undefined {
    return this.#of(channel).find((one) => one.by === by && one.clientId === clientId);
  }
  drop(channel: string, upTo: number, limit: number): number {
    const gone = this.#of(channel)
      .filter(({ offset }) => offset <= upTo)
      .slice(0, limit);
    this.entries.set(
      channel,
      this.#of(channel).filter((one) => !gone.includes(one)),
    );
    return gone.length;
  }
  key(channel: string, key: string): KeyRow | undefined {
    return this.states.get(channel)?.get(key);
  }
  putKey(channel: string, row: KeyRow): void {
    this.states.set(channel, (this.states.get(channel) ?? new Map<string, KeyRow>()).set(row.key, row));
  }
  keys(channel: string, after: string, limit: number): KeyRow[] {
    const rows = [...(this.states.get(channel)?.values() ?? [])].filter(({ key }) => key > after);
    return rows.toSorted((a, b) => (a.key < b.key ? -1 : 1)).slice(0, limit);
  }
  dropKeys(channel: string, limit: number): number {
    const keys = [...(this.states.get(channel)?.keys() ?? [])].slice(0, limit);
    for (const key of keys) this.states.get(channel)?.delete(key);
    return keys.length;
  }
  noteConflict(channel: string, conflict: TopicConflict, keep: number): void {
    this.lost.set(channel, [conflict, ...this.conflicts(channel)].slice(0, keep));
  }
  conflicts(channel: string): TopicConflict[] {
    return this.lost.get(channel) ?? [];
  }
  dropConflicts(channel: string): void {
    this.lost.delete(channel);
  }
  followers(channel: string): number[] {
    return [...(this.hubs.get(channel) ?? [])];
  }
  follow(channel: string, hub: number): void {
    this.hubs.set(channel, (this.hubs.get(channel) ?? new Set()).add(hub));
  }
  unfollow(channel: string, hub: number): void {
    this.hubs.get(channel)?.delete(hub);
  }

  #of(channel: string): TopicEntry[] {
    return this.entries.get(channel) ?? [];
  }
}
