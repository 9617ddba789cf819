import { decodeCursor, encodeCursor } from "../../contract/cursor.ts";
import { pageQuerySchema, pageSchema } from "../../contract/pages.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { isBuiltIn } from "../../contract/topic-names.ts";
import {
  topicPutSchema,
  topicRowSchema,
  topicSettingsSchema,
  type TopicListed,
  type TopicView,
  topicViewSchema,
} from "../../contract/topics.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { etagOf, ifMatchVersion } from "../http/etag.ts";
import { atHome, channelOf, NO_TOPIC, type TopicCall, topicParams } from "./topics-calls.ts";
import { deleteTopic, putTopic } from "./topics-change.ts";
import { findTopic, listedOf, listTopics } from "./topics-store.ts";

const manage = { action: "topics:manage", tag: "live", path: "/v1/topics/{topicKind}/{topicName}", params: topicParams } as const;

/** Topics as the catalogue has them. */
export function registerTopicRoutes(app: App): void {
  route(
    app,
    {
      method: "get",
      path: "/v1/topics",
      action: "topics:read",
      tag: "live",
      summary: "List topics by name",
      query: pageQuerySchema,
      answer: { status: 200, schema: pageSchema(topicRowSchema) },
    },
    async ({ env, principal, query }) => {
      const after = query.cursor === undefined ? [""] : decodeCursor(query.cursor, ["string"]);
      if (!after) return refuse("invalid-parameter", "The cursor is not one of this list; leave it out to start at the first topic.");
      const found = await listTopics(env.DB, principal.tenantId, String(after[0]), query.limit + 1);
      const items = found.slice(0, query.limit).map(listedOf);
      const last = items.at(-1);
      return accept({ items, nextCursor: last && found.length > query.limit ? encodeCursor([last.topic]) : null });
    },
  );
  route(
    app,
    {
      ...manage,
      method: "get",
      summary: "A topic: its settings, and what its home holds",
      answer: { status: 200, schema: topicViewSchema },
      problems: ["not-found", "invalid-name"],
    },
    async (call) => viewed(await view(call, channelOf(call.params)), call.answerHeaders),
  );
  route(
    app,
    {
      ...manage,
      method: "put",
      summary: "Create a topic, or replace its settings",
      description:
        "What is left out is the default. Whether it is keyed is fixed by its first message. Slashes of the name are written %2F. Send If-Match with the ETag of what you saw.",
      body: topicPutSchema,
      answer: { status: 200, schema: topicViewSchema },
      problems: ["not-found", "invalid-name", "conflict", "quota-reached", "precondition-failed"],
    },
    async (call) => {
      const expected = ifMatchVersion(call.request);
      if (!expected.ok) return expected;
      const channel = channelOf(call.params);
      const put = await putTopic(call, channel, call.body, expected.value);
      return put.ok ? viewed(await withFigures(call, put.value), call.answerHeaders) : put;
    },
  );
  route(
    app,
    {
      ...manage,
      method: "delete",
      summary: "Remove a topic with all that it holds",
      description: "Whoever follows it is closed with 4410. A plane's own topic begins anew.",
      answer: { status: 204 },
      problems: ["not-found", "invalid-name", "conflict"],
    },
    async (call) => await deleteTopic(call, channelOf(call.params)),
  );
}

async function view(call: TopicCall, channel: string): Promise<Outcome<TopicView>> {
  const row = await findTopic(call.env.DB, call.principal.tenantId, channel);
  if (row?.state === "live") return await withFigures(call, listedOf(row));
  if (row || !isBuiltIn(channel)) return { ok: false, problem: NO_TOPIC };
  return await withFigures(call, { topic: channel, ...topicSettingsSchema.parse({}), hub: 0, version: 0 });
}

async function withFigures(call: TopicCall, listed: TopicListed): Promise<Outcome<TopicView>> {
  const figures = await atHome(call, listed.topic, async (home) => await home.askTopic(listed.topic, "figures", {}));
  return figures.ok ? accept({ ...listed, ...figures.value }) : figures;
}

function viewed(outcome: Outcome<TopicView>, headers: Headers): Outcome<TopicView> {
  if (outcome.ok) headers.set("etag", etagOf(outcome.value.version));
  return outcome;
}
