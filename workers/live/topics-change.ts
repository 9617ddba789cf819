import type { z } from "@hono/zod-openapi";
import { rendezvousPlace } from "../../contract/rendezvous.ts";
import { accept, type Outcome, type Problem, refuse } from "../../contract/problems.ts";
import { TOPIC_KINDS, TOPIC_LIMITS, type TopicKind } from "../../contract/room-limits.ts";
import { isBuiltIn, isTopicChannel } from "../../contract/topic-names.ts";
import { type TopicListed, topicRowSchema, type topicPutSchema, type TopicSettings, topicSettingsSchema } from "../../contract/topics.ts";
import { changeInD1, type D1Call } from "../db/d1-change.ts";
import { hubOf } from "../http/objects.ts";
import type { KeepAlive } from "../http/single-flight.ts";
import { forgetKnown, hubsOf, NO_TOPIC } from "./topics-calls.ts";
import { finishTopic } from "./topics-finish.ts";
import {
  findTopic,
  hasTopicRoom,
  insertTopic,
  isTopicThere,
  listedOf,
  markTopicDeleting,
  type TopicRow,
  updateTopic,
} from "./topics-store.ts";

export interface TopicChangeCall extends D1Call {
  readonly ctx: KeepAlive;
}

const BUSY: Problem = { slug: "conflict", detail: "Somebody else is changing this topic just now. Read it, then try again." };
const FULL: Problem = { slug: "quota-reached", detail: `A tenant may have ${TOPIC_LIMITS.topics} topics. Delete one that nobody follows.` };
const FIXED: Problem = {
  slug: "conflict",
  detail: "Whether a topic is keyed is fixed by its first message. Delete it, or choose another name.",
};

/** What nobody but a plane makes. */
export function isReserved(channel: string): boolean {
  const kind = channel.slice(0, channel.indexOf("/"));
  return !isTopicChannel(channel) || !TOPIC_KINDS[kind as TopicKind].publish; // a topic's channel has such a kind
}

/**
 * Creates a topic, or changes what is given of one; then its home is told.
 * @param expected version of If-Match, when given
 */
export async function putTopic(
  call: TopicChangeCall,
  topic: string,
  given: z.output<typeof topicPutSchema>,
  expected: number | undefined,
): Promise<Outcome<TopicListed>> {
  const { env, principal, now } = call;
  const { tenantId } = principal;
  if (isReserved(topic)) return refuse("not-found", "Topics of this kind belong to a plane, which makes them.");
  const changed = await changeInD1(
    call,
    (answer) => topicRowSchema.parse(answer),
    async () => {
      const before = await settledTopic(call, topic);
      if (!before.ok) return before;
      const row = before.value;
      if (expected !== undefined && expected !== (row?.version ?? 0))
        return refuse("precondition-failed", "The topic was changed since you read it. Read it again.");
      const settings = topicSettingsSchema.parse({ ...row?.settings, ...given });
      if (!row) {
        const hub = isBuiltIn(topic) ? 0 : rendezvousPlace(topic, await hubsOf(call, tenantId, now));
        const made: TopicRow = { tenantId, topic, settings, hub, version: now, state: "live" };
        const guard = hasTopicRoom(tenantId, topic, TOPIC_LIMITS.topics);
        return accept({
          about: { action: "topic.create", target: topic, detail: {} },
          event: { type: "meridian.topic.created", subject: `topic/${topic}`, data: { topic, settings, hub, version: now } } as const,
          guard,
          statements: [insertTopic(env.DB, made, now, guard)],
          answer: listedOf(made),
          refused: async () => ((await findTopic(env.DB, tenantId, topic)) ? BUSY : FULL),
        });
      }
      const fields = differing(row.settings, settings);
      if (fields.length === 0) return accept({ unchanged: listedOf(row) });
      if (fields.includes("keyed") && (await hasMessages(call, row))) return { ok: false, problem: FIXED };
      const version = Math.max(row.version + 1, now);
      const { hub } = row;
      return accept({
        about: { action: "topic.change", target: topic, detail: { fields } },
        event: { type: "meridian.topic.changed", subject: `topic/${topic}`, data: { topic, settings, hub, version } } as const,
        guard: isTopicThere(row),
        statements: [updateTopic(env.DB, row, { settings, version }, now)],
        answer: listedOf({ ...row, settings, version }),
        refused: async () => await Promise.resolve(BUSY),
      });
    },
  );
  if (changed.ok) await finished(call, topic);
  return changed;
}

/** Removes a topic with all that it holds. A plane's own begins anew. */
export async function deleteTopic(call: TopicChangeCall, topic: string): Promise<Outcome<undefined>> {
  const { env, principal, now } = call;
  const deleted = await changeInD1(
    call,
    () => null,
    async () => {
      const row = await findTopic(env.DB, principal.tenantId, topic);
      if (!row || row.state === "deleting") return { ok: false, problem: NO_TOPIC };
      return accept({
        about: { action: "topic.delete", target: topic, detail: {} },
        event: { type: "meridian.topic.deleted", subject: `topic/${topic}`, data: { topic } } as const,
        guard: isTopicThere(row),
        statements: [markTopicDeleting(env.DB, row, now)],
        answer: null,
        refused: async () => await Promise.resolve(BUSY),
      });
    },
  );
  if (!deleted.ok) return deleted;
  await finished(call, topic);
  return accept(undefined);
}

/** A topic that is not being removed any more. */
async function settledTopic({ env, principal }: D1Call, topic: string): Promise<Outcome<TopicRow | undefined>> {
  const row = await findTopic(env.DB, principal.tenantId, topic);
  if (row?.state !== "deleting") return accept(row);
  const left = await finishTopic(env, principal.tenantId, topic);
  return left ? refuse("conflict", "A topic of this name is still being removed. Try again in a minute.") : accept(undefined);
}

async function hasMessages(call: D1Call, { hub, topic }: TopicRow): Promise<boolean> {
  const figures = await hubOf(call, hub).askTopic(topic, "figures", {});
  return figures.ok && figures.value.offset > 0;
}

/** It is committed: what cannot be told now is told by the event. */
async function finished({ env, principal: { tenantId } }: D1Call, topic: string): Promise<void> {
  forgetKnown(tenantId, topic);
  try {
    await finishTopic(env, tenantId, topic);
  } catch (error) {
    console.error(JSON.stringify({ level: "warn", event: "topic-later", tenant: tenantId, error: String(error) }));
  }
}

/** Names of settings that change. */
export function differing(before: TopicSettings, after: TopicSettings): (keyof TopicSettings)[] {
  const keys = Object.keys(after) as (keyof TopicSettings)[]; // made by the same schema
  return keys.filter((key) => before[key] !== after[key]);
}
