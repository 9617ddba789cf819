import { isBuiltIn } from "../../contract/topic-names.ts";
import type { EdgeEnv } from "../env.ts";
import { hubOf } from "../http/objects.ts";
import { findTopic, forgetTopic, postponeTopic, type TopicRow, unfinishedTopics } from "./topics-store.ts";

export const TOPIC_FINISH_LIMITS = {
  /** What is younger is left to the request that does it. */
  settleMs: 10_000,
  /** Topics that one sweep brings on. */
  topics: 50,
  /** Slices of one removal: more than the longest log has. */
  slices: 25,
} as const;

/**
 * Brings a topic to where its row says it should be: tells its home what it is, and hub 0 where that is; or removes what is deleted.
 * Whatever was done already is done again without effect.
 * @throws when an object or D1 cannot be reached
 */
export async function finishTopic(env: EdgeEnv, tenantId: string, topic: string): Promise<TopicRow | undefined> {
  const row = await findTopic(env.DB, tenantId, topic);
  if (!row) return undefined;
  const call = { env, principal: { tenantId } };
  const { hub, version, settings } = row;
  const home = hubOf(call, hub);
  if (row.state === "live") {
    const taken = await home.configureTopic({ channel: topic, settings, version });
    if (taken.ok && !isBuiltIn(topic)) await hubOf(call, 0).noteHome(topic, hub, version);
    return row;
  }
  await hubOf(call, 0).noteHome(topic, null, version);
  for (let slice = 0; slice < TOPIC_FINISH_LIMITS.slices; slice++) {
    if ((await home.removeTopic(topic, version)).left) continue;
    await forgetTopic(env.DB, row);
    return undefined;
  }
  return row;
}

/** Every minute: finishes removals that requests left in the middle. What cannot be finished holds up no other topic. */
export async function sweepTopics(env: EdgeEnv, now: number): Promise<void> {
  for (const row of await unfinishedTopics(env.DB, now - TOPIC_FINISH_LIMITS.settleMs, TOPIC_FINISH_LIMITS.topics)) {
    const { tenantId, topic } = row;
    try {
      await finishTopic(env, tenantId, topic);
    } catch (error) {
      console.error(JSON.stringify({ level: "error", event: "topic-unfinished", tenant: tenantId, topic, error: String(error) }));
    }
    await postponeTopic(env.DB, row, now);
  }
}
