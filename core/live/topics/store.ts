import type { Priority } from "../../../contract/room-live.ts";
import type { KeyedEntry, TopicConflict, TopicSettings } from "../../../contract/topics.ts";

/** A topic as its home keeps it. */
export interface TopicRow {
  readonly channel: string;
  readonly settings: TopicSettings;
  readonly version: number;
  /** Random; another one when the log was restored. */
  readonly epoch: string;
  /** Of the newest message; 0 before the first. */
  readonly offset: number;
  /** Everything behind this offset is kept, up to `offset`. */
  readonly floor: number;
  /** Stale writes, ever. */
  readonly conflicts: number;
  /** Keys that have a state. */
  readonly keys: number;
  /** It is being removed, in slices: there is no such topic any more. */
  readonly removing: boolean;
}

/** One message of a log. */
export interface TopicEntry {
  readonly offset: number;
  readonly at: number;
  readonly type: string;
  /** JSON of the data. */
  readonly data: string;
  readonly priority: Priority;
  readonly key: string | null;
  readonly version: number | null;
  readonly clientId: string;
  readonly by: string;
}

/** The state of a key, and whose write it is. */
export interface KeyRow extends Omit<KeyedEntry, "data"> {
  /** JSON of the data. */
  readonly data: string;
  readonly by: string;
}

/** What a home keeps of its topics. Everything happens inside the transaction of whoever calls. */
export interface TopicStore {
  find(channel: string): TopicRow | undefined;
  /** Creates or replaces. */
  save(row: TopicRow): void;
  /** Ends the topic: nothing of it may be left. */
  forget(channel: string): void;
  append(channel: string, entry: TopicEntry): void;
  /** Ascending, with offsets above this one. */
  after(channel: string, offset: number, limit: number): TopicEntry[];
  /** Descending, with offsets below this one. */
  before(channel: string, offset: number, limit: number): TopicEntry[];
  /** What this publisher sent under this id, as far as it is kept. */
  sent(channel: string, by: string, clientId: string): Pick<TopicEntry, "offset" | "at"> | undefined;
  /** Deletes the oldest with offsets up to this one. @returns how many went */
  drop(channel: string, upTo: number, limit: number): number;
  key(channel: string, key: string): KeyRow | undefined;
  putKey(channel: string, row: KeyRow): void;
  /** Ascending, from behind this key. */
  keys(channel: string, after: string, limit: number): KeyRow[];
  dropKeys(channel: string, limit: number): number;
  /** Keeps the newest so many. */
  noteConflict(channel: string, conflict: TopicConflict, keep: number): void;
  /** Newest first. */
  conflicts(channel: string): TopicConflict[];
  dropConflicts(channel: string): void;
  /** Other hubs that follow it. */
  followers(channel: string): number[];
  follow(channel: string, hub: number): void;
  unfollow(channel: string, hub: number): void;
}
