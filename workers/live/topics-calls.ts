import { z } from "@hono/zod-openapi";
import { checkGrants, isListed } from "../../contract/grants.ts";
import { LIVE_LIMITS } from "../../contract/live-codes.ts";
import type { AnyPrincipal } from "../../contract/principal.ts";
import { accept, type Outcome, type Problem, refuse } from "../../contract/problems.ts";
import type { HubRpc } from "../../contract/rpc/hub.ts";
import { isBuiltIn } from "../../contract/topic-names.ts";
import { topicKindSchema, topicNameSchema, type TopicSettings, topicSettingsSchema } from "../../contract/topics.ts";
import type { EdgeEnv } from "../env.ts";
import { accessOf } from "../http/access-cache.ts";
import { registerIsolateCache } from "../http/isolate-caches.ts";
import { Lru } from "../http/lru.ts";
import { hubOf } from "../http/objects.ts";
import type { KeepAlive } from "../http/single-flight.ts";
import { finishTopic } from "./topics-finish.ts";
import { findTopic } from "./topics-store.ts";

export const topicParams = z.object({ topicKind: topicKindSchema, topicName: topicNameSchema });
export const channelOf = ({ topicKind, topicName }: z.output<typeof topicParams>): string => `${topicKind}/${topicName}`;

export const NO_TOPIC: Problem = { slug: "not-found", detail: "There is no topic of this name." };

export interface TopicCall {
  readonly env: EdgeEnv;
  readonly ctx: KeepAlive;
  readonly principal: AnyPrincipal;
  readonly now: number;
}

/** What of a topic an isolate believes for a moment. */
interface Known {
  readonly hub: number;
  readonly settings: TopicSettings;
}

/** A hub never changes while a topic is there; who may read it does. */
const KNOWN_MS = 5_000;
const TOPICS = 5_000;
const known = new Lru<Known>(TOPICS);
registerIsolateCache(() => known.clear());

/** Hubs over which a tenant's sockets and new topics spread. @throws when the tenant's object cannot be read */
export async function hubsOf({ env, ctx }: Pick<TopicCall, "env" | "ctx">, tenantId: string, now: number): Promise<number> {
  const access = await accessOf(env, ctx, tenantId, now);
  return access?.settings.hubs ?? LIVE_LIMITS.hubs;
}

/** What the catalogue says of a topic, at most 5 s ago; undefined when there is none. */
export async function lookUp({ env, principal, now }: TopicCall, channel: string): Promise<Known | undefined> {
  const key = `${principal.tenantId}/${channel}`;
  const held = known.get(key, now);
  if (held) return held;
  const row = await findTopic(env.DB, principal.tenantId, channel);
  const found = row
    ? row.state === "live"
      ? row
      : undefined
    : isBuiltIn(channel)
      ? { hub: 0, settings: topicSettingsSchema.parse({}) }
      : undefined;
  if (found) known.set(key, { hub: found.hub, settings: found.settings }, now + KNOWN_MS);
  return found;
}

/** It was changed by this isolate. */
export function forgetKnown(tenantId: string, channel: string): void {
  known.delete(`${tenantId}/${channel}`);
}

/** Asks the topic's home. One that does not know it has missed its creation, or its removal has begun: that is brought on first. */
export async function atHome<T>(call: TopicCall, channel: string, ask: (home: HubRpc) => Promise<Outcome<T>>): Promise<Outcome<T>> {
  const found = await lookUp(call, channel);
  if (!found) return { ok: false, problem: NO_TOPIC };
  const answer = await ask(hubOf(call, found.hub));
  if (answer.ok || answer.problem.slug !== "not-found") return answer;
  const { tenantId } = call.principal;
  forgetKnown(tenantId, channel);
  const row = await finishTopic(call.env, tenantId, channel);
  return row?.state === "live" ? await ask(hubOf(call, row.hub)) : answer;
}

/** Whether whoever calls may read the topic: by a grant, or because everybody may. Others do not learn whether there is such a topic. */
export async function mayRead(call: TopicCall, channel: string): Promise<Outcome<null>> {
  const { principal, env, ctx, now } = call;
  if (principal.kind === "operator" || principal.kind === "service") return accept(null);
  if (principal.kind === "subject" && checkGrants(principal.grants, "topics:read", channel).allowed) return accept(null);
  const access = await accessOf(env, ctx, principal.tenantId, now);
  if (isListed(access?.publicThings ?? [], "topic", channel)) return accept(null);
  if ((await lookUp(call, channel))?.settings.visibility === "public") return accept(null);
  if (principal.kind === "visitor") return refuse("unauthenticated", "This is not public: send the token of an end user.");
  return refuse("forbidden", "No grant gives topics:read on this topic.");
}
