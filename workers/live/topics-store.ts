import * as z from "zod";
import { type TopicListed, type TopicSettings, topicSettingsSchema } from "../../contract/topics.ts";
import type { Guard } from "../db/d1-outbox.ts";

const rowSchema = z
  .object({
    tenant_id: z.string(),
    topic: z.string(),
    settings: z.string().transform((text): TopicSettings => topicSettingsSchema.parse(JSON.parse(text))),
    hub: z.number().int(),
    version: z.number().int(),
    state: z.enum(["live", "deleting"]),
  })
  .transform(({ tenant_id: tenantId, ...row }) => ({ tenantId, ...row }));
/** A topic as the catalogue has it. */
export type TopicRow = z.infer<typeof rowSchema>;

const FIND = "SELECT tenant_id, topic, settings, hub, version, state FROM topic_catalogue";

export async function findTopic(db: D1Database, tenantId: string, topic: string): Promise<TopicRow | undefined> {
  const row = await db.prepare(`${FIND} WHERE tenant_id = ? AND topic = ?`).bind(tenantId, topic).first();
  return row === null ? undefined : rowSchema.parse(row);
}

/** Topics in the order of their names, from behind the given one; not those that are being removed. */
export async function listTopics(db: D1Database, tenantId: string, after: string, limit: number): Promise<TopicRow[]> {
  const { results } = await db
    .prepare(`${FIND} WHERE tenant_id = ? AND topic > ? AND state = 'live' ORDER BY topic LIMIT ?`)
    .bind(tenantId, after, limit)
    .all();
  return results.map((row) => rowSchema.parse(row));
}

/** Topics whose removal a request left unfinished before this moment, those that wait longest first. */
export async function unfinishedTopics(db: D1Database, before: number, limit: number): Promise<TopicRow[]> {
  const { results } = await db
    .prepare(`${FIND} WHERE state = 'deleting' AND updated_at < ? ORDER BY updated_at LIMIT ?`)
    .bind(before, limit)
    .all();
  return results.map((row) => rowSchema.parse(row));
}

/** Sends a topic that could not be finished to the end of the line. */
export async function postponeTopic(db: D1Database, { tenantId, topic }: TopicRow, now: number): Promise<void> {
  await db
    .prepare("UPDATE topic_catalogue SET updated_at = ? WHERE tenant_id = ? AND topic = ? AND state = 'deleting'")
    .bind(now, tenantId, topic)
    .run();
}

/** There is no topic of this name, and room for one more. */
export function hasTopicRoom(tenantId: string, topic: string, topics: number): Guard {
  return {
    sql: `NOT EXISTS (SELECT 1 FROM topic_catalogue WHERE tenant_id = ? AND topic = ?)
      AND (SELECT count(*) FROM topic_catalogue WHERE tenant_id = ?) < ?`,
    params: [tenantId, topic, tenantId, topics],
  };
}

/** The row is there in this version and not being removed. */
export function isTopicThere({ tenantId, topic, version }: TopicRow): Guard {
  return {
    sql: "EXISTS (SELECT 1 FROM topic_catalogue WHERE tenant_id = ? AND topic = ? AND version = ? AND state = 'live')",
    params: [tenantId, topic, version],
  };
}

export function insertTopic(db: D1Database, row: TopicRow, now: number, guard: Guard): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO topic_catalogue (tenant_id, topic, settings, hub, version, state, created_at, updated_at)
       SELECT ?, ?, ?, ?, ?, 'live', ?, ? WHERE ${guard.sql}`,
    )
    .bind(row.tenantId, row.topic, JSON.stringify(row.settings), row.hub, row.version, now, now, ...guard.params);
}

/** Follows its guard: `isTopicThere` of the row before. */
export function updateTopic(db: D1Database, before: TopicRow, { settings, version }: Pick<TopicRow, "settings" | "version">, now: number) {
  return db
    .prepare(
      "UPDATE topic_catalogue SET settings = ?, version = ?, updated_at = ? WHERE tenant_id = ? AND topic = ? AND version = ? AND state = 'live'",
    )
    .bind(JSON.stringify(settings), version, now, before.tenantId, before.topic, before.version);
}

export function markTopicDeleting(db: D1Database, row: TopicRow, now: number): D1PreparedStatement {
  return db
    .prepare(
      "UPDATE topic_catalogue SET state = 'deleting', updated_at = ? WHERE tenant_id = ? AND topic = ? AND version = ? AND state = 'live'",
    )
    .bind(now, row.tenantId, row.topic, row.version);
}

/** The last of a removal. */
export async function forgetTopic(db: D1Database, row: TopicRow): Promise<void> {
  await db
    .prepare("DELETE FROM topic_catalogue WHERE tenant_id = ? AND topic = ? AND version = ? AND state = 'deleting'")
    .bind(row.tenantId, row.topic, row.version)
    .run();
}

export function listedOf({ topic, settings, hub, version }: TopicRow): TopicListed {
  return { topic, ...settings, hub, version };
}
