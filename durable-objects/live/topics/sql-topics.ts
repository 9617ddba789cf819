import type { TopicConflict } from "../../../contract/topics.ts";
import { topicConflictSchema, topicSettingsSchema } from "../../../contract/topics.ts";
import { PRIORITIES, type Priority } from "../../../contract/room-live.ts";
import type { KeyRow, TopicEntry, TopicRow, TopicStore } from "../../../core/live/topics/store.ts";

/** Offsets of one topic: 4 billion; topics of one hub: a million. Their ids are integers that JavaScript holds exactly. */
const STRIDE = 2 ** 32;

type Row = {
  no: number;
  channel: string;
  settings: string;
  version: number;
  epoch: string;
  offset: number;
  floor: number;
  conflicts: number;
  keys: number;
  removing: number;
};
type MessageRow = {
  id: number;
  at: number;
  type: string;
  data: string;
  priority: string;
  key: string | null;
  version: number | null;
  client_id: string;
  by: string;
};
type StateRow = { key: string; version: number; at: number; client_id: string; data: string; offset: number; by: string };

/** The topics of one hub in its SQL. */
export class SqlTopics implements TopicStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(channel: string): TopicRow | undefined {
    const row = this.#sql.exec<Row>("SELECT * FROM topic WHERE channel = ?", channel).toArray()[0];
    if (!row) return undefined;
    const { no: _no, settings, removing, ...rest } = row;
    return { ...rest, settings: topicSettingsSchema.parse(JSON.parse(settings)), removing: removing === 1 };
  }

  save({ channel, settings, version, epoch, offset, floor, conflicts, keys, removing }: TopicRow): void {
    const values = [JSON.stringify(settings), version, epoch, offset, floor, conflicts, keys, removing ? 1 : 0];
    const { rowsWritten } = this.#sql.exec(
      "UPDATE topic SET settings = ?, version = ?, epoch = ?, offset = ?, floor = ?, conflicts = ?, keys = ?, removing = ? WHERE channel = ?",
      ...values,
      channel,
    );
    if (rowsWritten > 0) return;
    this.#sql.exec(
      "INSERT INTO topic (settings, version, epoch, offset, floor, conflicts, keys, removing, channel) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      ...values,
      channel,
    );
  }

  forget(channel: string): void {
    this.#sql.exec("DELETE FROM topic WHERE channel = ?", channel);
  }

  append(channel: string, { offset, at, type, data, priority, key, version, clientId, by }: TopicEntry): void {
    const topic = this.#created(channel);
    this.#sql.exec(
      "INSERT INTO topic_message (id, topic, at, type, data, priority, key, version, client_id, by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      topic * STRIDE + offset,
      topic,
      at,
      type,
      data,
      priority,
      key,
      version,
      clientId,
      by,
    );
  }

  after(channel: string, offset: number, limit: number): TopicEntry[] {
    const topic = this.#no(channel);
    const sql = "SELECT * FROM topic_message WHERE id > ? AND id < ? ORDER BY id LIMIT ?";
    return this.#sql
      .exec<MessageRow>(sql, topic * STRIDE + Math.max(offset, 0), (topic + 1) * STRIDE, limit)
      .toArray()
      .map(entryOf);
  }

  before(channel: string, offset: number, limit: number): TopicEntry[] {
    const topic = this.#no(channel);
    const sql = "SELECT * FROM topic_message WHERE id > ? AND id < ? ORDER BY id DESC LIMIT ?";
    return this.#sql
      .exec<MessageRow>(sql, topic * STRIDE, topic * STRIDE + Math.min(Math.max(offset, 0), STRIDE - 1), limit)
      .toArray()
      .map(entryOf);
  }

  sent(channel: string, by: string, clientId: string): Pick<TopicEntry, "offset" | "at"> | undefined {
    const sql = "SELECT id, at FROM topic_message WHERE topic = ? AND client_id = ? AND by = ?";
    const row = this.#sql.exec<{ id: number; at: number }>(sql, this.#no(channel), clientId, by).toArray()[0];
    return row && { offset: row.id % STRIDE, at: row.at };
  }

  drop(channel: string, upTo: number, limit: number): number {
    const topic = this.#no(channel);
    const sql =
      "DELETE FROM topic_message WHERE id IN (SELECT id FROM topic_message WHERE id > ? AND id <= ? ORDER BY id LIMIT ?) RETURNING 1";
    return this.#sql.exec(sql, topic * STRIDE, topic * STRIDE + upTo, limit).toArray().length;
  }

  key(channel: string, key: string): KeyRow | undefined {
    const row = this.#sql.exec<StateRow>("SELECT * FROM topic_key WHERE topic = ? AND key = ?", this.#no(channel), key).toArray()[0];
    return row && stateOf(row);
  }

  putKey(channel: string, { key, version, at, clientId, data, offset, by }: KeyRow): void {
    this.#sql.exec(
      `INSERT INTO topic_key (topic, key, version, at, client_id, data, offset, by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (topic, key) DO UPDATE SET version = excluded.version, at = excluded.at, client_id = excluded.client_id,
         data = excluded.data, offset = excluded.offset, by = excluded.by`,
      this.#created(channel),
      key,
      version,
      at,
      clientId,
      data,
      offset,
      by,
    );
  }

  keys(channel: string, after: string, limit: number): KeyRow[] {
    const sql = "SELECT * FROM topic_key WHERE topic = ? AND key > ? ORDER BY key LIMIT ?";
    return this.#sql.exec<StateRow>(sql, this.#no(channel), after, limit).toArray().map(stateOf);
  }

  dropKeys(channel: string, limit: number): number {
    const sql = "DELETE FROM topic_key WHERE rowid IN (SELECT rowid FROM topic_key WHERE topic = ? LIMIT ?) RETURNING 1";
    return this.#sql.exec(sql, this.#no(channel), limit).toArray().length;
  }

  noteConflict(channel: string, conflict: TopicConflict, keep: number): void {
    const topic = this.#created(channel);
    this.#sql.exec("INSERT INTO topic_conflict (topic, conflict) VALUES (?, ?)", topic, JSON.stringify(conflict));
    const sql = "DELETE FROM topic_conflict WHERE id IN (SELECT id FROM topic_conflict WHERE topic = ? ORDER BY id DESC LIMIT -1 OFFSET ?)";
    this.#sql.exec(sql, topic, keep);
  }

  conflicts(channel: string): TopicConflict[] {
    const sql = "SELECT conflict FROM topic_conflict WHERE topic = ? ORDER BY id DESC";
    return this.#sql
      .exec<{ conflict: string }>(sql, this.#no(channel))
      .toArray()
      .map(({ conflict }) => topicConflictSchema.parse(JSON.parse(conflict)));
  }

  dropConflicts(channel: string): void {
    this.#sql.exec("DELETE FROM topic_conflict WHERE topic = ?", this.#no(channel));
  }

  followers(channel: string): number[] {
    const rows = this.#sql.exec<{ hub: number }>("SELECT hub FROM topic_follower WHERE topic = ?", this.#no(channel));
    return rows.toArray().map(({ hub }) => hub);
  }

  follow(channel: string, hub: number): void {
    this.#sql.exec("INSERT INTO topic_follower (topic, hub) VALUES (?, ?) ON CONFLICT DO NOTHING", this.#created(channel), hub);
  }

  unfollow(channel: string, hub: number): void {
    this.#sql.exec("DELETE FROM topic_follower WHERE topic = ? AND hub = ?", this.#no(channel), hub);
  }

  /** Every topic that is kept here. */
  channels(): string[] {
    return this.#sql
      .exec<{ channel: string }>("SELECT channel FROM topic ORDER BY channel")
      .toArray()
      .map(({ channel }) => channel);
  }

  /** Topics that other hubs follow. */
  followed(): string[] {
    return this.#sql
      .exec<{ channel: string }>("SELECT channel FROM topic WHERE no IN (SELECT topic FROM topic_follower)")
      .toArray()
      .map(({ channel }) => channel);
  }

  /** Of an end user who is no more: what they said goes, its place in the order stays. @returns rows that were changed */
  forgetPublisher(by: string): number {
    const messages = "UPDATE topic_message SET type = 'deleted', data = 'null', by = 'deleted', client_id = '' WHERE by = ? RETURNING 1";
    const keys = "UPDATE topic_key SET data = 'null', by = 'deleted' WHERE by = ? RETURNING 1";
    const conflicts = "DELETE FROM topic_conflict WHERE json_extract(conflict, '$.lost.by') = ? RETURNING 1";
    return [messages, keys, conflicts].reduce((sum, sql) => sum + this.#sql.exec(sql, by).toArray().length, 0);
  }

  /** Where a topic lives. @param hub null: nowhere any more. An older version changes nothing */
  noteHome(channel: string, hub: number | null, version: number): void {
    this.#sql.exec(
      `INSERT INTO topic_home (channel, hub, version) VALUES (?, ?, ?)
       ON CONFLICT (channel) DO UPDATE SET hub = excluded.hub, version = excluded.version WHERE excluded.version >= version`,
      channel,
      hub,
      version,
    );
  }

  homeOf(channel: string): number | null {
    return this.#sql.exec<{ hub: number | null }>("SELECT hub FROM topic_home WHERE channel = ?", channel).toArray()[0]?.hub ?? null;
  }

  /** The topic's number; 0, which no topic has, when nothing of it is kept. */
  #no(channel: string): number {
    return this.#sql.exec<{ no: number }>("SELECT no FROM topic WHERE channel = ?", channel).toArray()[0]?.no ?? 0;
  }

  #created(channel: string): number {
    const no = this.#no(channel);
    if (no === 0) throw new Error("a topic is saved before anything of it is");
    return no;
  }
}

function entryOf({ id, client_id, priority, ...row }: MessageRow): TopicEntry {
  const known = PRIORITIES.find((one) => one === priority) ?? ("normal" satisfies Priority);
  const { at, type, data, key, version, by } = row;
  return { offset: id % STRIDE, at, type, data, priority: known, key, version, clientId: client_id, by };
}

function stateOf({ key, version, at, client_id, data, offset, by }: StateRow): KeyRow {
  return { key, version, at, clientId: client_id, data, offset, by };
}
