import { z } from "@hono/zod-openapi";
import { decodeCursor } from "../../contract/cursor.ts";
import { pageSchema } from "../../contract/pages.ts";
import { actorOf } from "../../contract/principal.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { TOPIC_LIMITS } from "../../contract/room-limits.ts";
import type { TopicQuestion, TopicQuestions } from "../../contract/rpc/topics.ts";
import { takesPublications } from "../../contract/topic-names.ts";
import {
  keyedEntrySchema,
  topicAckSchema,
  topicConflictsSchema,
  topicHistorySchema,
  topicPageQuerySchema,
  topicPublishSchema,
} from "../../contract/topics.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import type { SubjectParts } from "../http/route.ts";
import { atHome, channelOf, mayRead, type TopicCall, topicParams } from "./topics-calls.ts";

/** A full batch of the largest data, and what is around each. */
const MAX_BODY_BYTES = TOPIC_LIMITS.batch * (TOPIC_LIMITS.dataBytes + 1_024);
const path = "/v1/topics/{topicKind}/{topicName}";
/** What is public is for everybody at the door: the handler looks. */
const read = { method: "get", action: "topics:read", subjects: "readers", door: "also", tag: "live", params: topicParams } as const;
const PROBLEMS = ["not-found", "invalid-name"] as const;

/** What topics hold. */
export function registerTopicMessageRoutes(app: App): void {
  registerPublish(app);
  route(
    app,
    {
      ...read,
      path: `${path}/messages`,
      summary: "Messages that a topic keeps, newest first",
      query: topicPageQuerySchema,
      answer: { status: 200, schema: topicHistorySchema },
      problems: PROBLEMS,
    },
    async (call) => {
      const { limit, cursor } = call.query;
      const before = cursor === undefined ? undefined : decodeCursor(cursor, ["number"]);
      if (cursor !== undefined && !before) return foreign();
      return await answered(call, "messages", { limit, ...(before && { before: Number(before[0]) }) });
    },
  );
  route(
    app,
    {
      ...read,
      path: `${path}/state`,
      summary: "The last write of each key of a keyed topic, by key",
      query: topicPageQuerySchema,
      answer: { status: 200, schema: pageSchema(keyedEntrySchema) },
      problems: PROBLEMS,
    },
    async (call) => {
      const { limit, cursor } = call.query;
      const after = cursor === undefined ? undefined : decodeCursor(cursor, ["string"]);
      if (cursor !== undefined && !after) return foreign();
      return await answered(call, "state", { limit, ...(after && { after: String(after[0]) }) });
    },
  );
  route(
    app,
    {
      ...read,
      path: `${path}/conflicts`,
      summary: "Stale writes to a keyed topic, the newest 100",
      answer: { status: 200, schema: topicConflictsSchema },
      problems: PROBLEMS,
    },
    async (call) => await answered(call, "conflicts", {}),
  );
}

function registerPublish(app: App): void {
  route(
    app,
    {
      method: "post",
      path: `${path}/messages`,
      action: "topics:publish",
      subjects: ({ params }: SubjectParts) => [`${String(params["topicKind"])}/${String(params["topicName"])}`],
      door: "also",
      tag: "live",
      summary: "Publish one message to a topic, or up to 100",
      description:
        "All are stored, or none. A message with a `clientId` that you sent before has its first answer. A stale write to a keyed topic is answered with the winner, as `conflict`.",
      params: topicParams,
      body: topicPublishSchema,
      maxBodyBytes: MAX_BODY_BYTES,
      answer: { status: 200, schema: z.object({ items: z.array(topicAckSchema) }) },
      problems: [...PROBLEMS, "payload-too-large", "quota-reached"],
    },
    async (call) => {
      const channel = channelOf(call.params);
      if (!takesPublications(channel)) return refuse("not-found", "Nothing can be published there: topics of this kind belong to a plane.");
      const messages = "messages" in call.body ? call.body.messages : [call.body];
      const by = actorOf(call.principal);
      const writes = messages.map((message) => ({ by, message }));
      const stored = await atHome(call, channel, async (home) => await home.publishTo(channel, writes, true));
      // A message with a problem refuses all of them, so none is among the items.
      return stored.ok ? accept({ items: stored.value.items.flatMap((item) => ("problem" in item ? [] : [item])) }) : stored;
    },
  );
}

interface ReadCall extends TopicCall {
  readonly params: z.output<typeof topicParams>;
}

async function answered<Q extends TopicQuestion>(
  call: ReadCall,
  question: Q,
  ask: TopicQuestions[Q]["ask"],
): Promise<Outcome<TopicQuestions[Q]["answer"]>> {
  const channel = channelOf(call.params);
  const allowed = await mayRead(call, channel);
  if (!allowed.ok) return allowed;
  return await atHome(call, channel, async (home) => await home.askTopic(channel, question, ask));
}

function foreign(): Outcome<never> {
  return refuse("invalid-parameter", "The cursor is not one of this list; leave it out to start at its beginning.");
}
