import { accept, type Problem } from "../../contract/problems.ts";
import type { RoomDocument } from "../../contract/room-document.ts";
import { TOPIC_LIMITS } from "../../contract/room-limits.ts";
import { isTopicChannel } from "../../contract/topic-names.ts";
import type { TopicSettings } from "../../contract/topics.ts";
import type { Step } from "./rooms-apply.ts";
import { deleteTopic, differing, isReserved, putTopic, type TopicChangeCall } from "./topics-change.ts";
import { listTopics, type TopicRow } from "./topics-store.ts";

type Topics = RoomDocument["topics"];

/** All topics as a document has them. */
export async function observeTopics(call: TopicChangeCall): Promise<Topics> {
  return Object.fromEntries([...(await standing(call)).values()].map(({ topic, settings }) => [topic, settings]));
}

/** What makes the tenant's topics as the document says. */
export async function topicSteps(call: TopicChangeCall, topics: Topics, prune: boolean): Promise<Step[]> {
  const there = await standing(call);
  const steps = Object.entries(topics).map(([topic, settings]) => topicStep(call, topic, settings, there.get(topic)));
  if (prune) for (const topic of there.keys()) if (!Object.hasOwn(topics, topic)) steps.push(topicGone(call, topic));
  return steps;
}

/** What removes the topics that the document names, as far as they are there. */
export async function topicRemovals(call: TopicChangeCall, topics: Topics): Promise<Step[]> {
  const there = await standing(call);
  return Object.keys(topics).flatMap((topic) => (there.has(topic) ? [topicGone(call, topic)] : []));
}

/** Why no topic can have this name, if so. */
export function topicProblem(topic: string): Problem | undefined {
  if (!isTopicChannel(topic))
    return { slug: "invalid-name", detail: "A topic is kind/name: 1-100 letters, digits and . _ : - / behind the kind." };
  return isReserved(topic) ? { slug: "not-found", detail: "Topics of this kind belong to a plane, which makes them." } : undefined;
}

async function standing({ env, principal }: TopicChangeCall): Promise<Map<string, TopicRow>> {
  return new Map((await listTopics(env.DB, principal.tenantId, "", TOPIC_LIMITS.topics)).map((row) => [row.topic, row]));
}

/** Each change is one of its own: an Idempotency-Key of the whole would make the second look like a repetition of the first. */
function single({ env, ctx, principal, now, meta: { idempotency: _, ...meta } }: TopicChangeCall): TopicChangeCall {
  return { env, ctx, principal, now, meta };
}

function topicStep(call: TopicChangeCall, topic: string, settings: TopicSettings, before: TopicRow | undefined): Step {
  if (before && differing(before.settings, settings).length === 0) return { what: "topic", name: topic, change: "same" };
  const make = async () => await putTopic(single(call), topic, settings, undefined);
  return { what: "topic", name: topic, change: before ? "changed" : "created", make };
}

function topicGone(call: TopicChangeCall, topic: string): Step {
  const make = async () => {
    const gone = await deleteTopic(single(call), topic);
    return gone.ok || gone.problem.slug !== "not-found" ? gone : accept(undefined);
  };
  return { what: "topic", name: topic, change: "removed", make };
}
