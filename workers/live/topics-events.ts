import type { VisitorPrincipal } from "../../contract/principal.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { Admission } from "../../contract/rpc/hub.ts";
import { isTopicChannel } from "../../contract/topic-names.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { clock } from "../http/request-context.ts";
import type { RouteSpec } from "../http/route.ts";
import { hubs } from "./connect.ts";
import { eventRoute, streamEvents } from "./event-stream.ts";
import { eventTicket, makeEventTicket, stillGood } from "./event-ticket.ts";
import { entryOf, type HubEntry, type LivePrincipal, type MadeTicket, randomHub } from "./ticket.ts";
import { channelOf, hubsOf, lookUp, mayRead, NO_TOPIC, type TopicCall, topicParams } from "./topics-calls.ts";

const CHANNEL_IN_PATH = /\/v1\/topics\/([^/]+)\/([^/]+)\/events$/;

const events = {
  ...eventRoute,
  path: "/v1/topics/{topicKind}/{topicName}/events",
  action: "topics:read",
  subjects: "readers",
  summary: "Follow a topic as server-sent events",
  description:
    "The `id` of each event is `epoch:offset`, its `data` the whole envelope. `Last-Event-ID` (or `?lastEventId`) goes on from there: with everything since, or with `event: gap` first. Otherwise it begins with the newest `replay` messages. An EventSource, which can send no headers, takes an address of `POST /v1/connect/tickets?events={kind}/{name}`.",
  params: topicParams,
  credential: eventTicket(channelInPath),
  problems: ["not-found", "invalid-name", "overloaded"],
} as const satisfies RouteSpec;

export function registerTopicEventRoutes(app: App): void {
  route(app, events, async (call) => {
    const { principal, query, env, ctx, now } = call;
    const channel = channelOf(call.params);
    if (query.ticket !== undefined && principal.kind !== "visitor" && !(await stillGood(principal, { env, ctx, now }))) {
      return refuse("unauthenticated", "The credential that this ticket was made with is not good any more.");
    }
    const seen = await readable(call, channel);
    if (!seen.ok) return seen;
    const entry = principal.kind === "visitor" ? await visitorsEntry(principal, call) : await entryOf(principal, call, now);
    return await streamEvents(call, {
      channel,
      open: async () => await hubs.enter(call, readerOf(entry, channel), undefined, now),
      // The hub lets nothing go unsaid: what is missing was of low priority, and told.
      follows: () => true,
      // Nobody tells the hub when a public mark goes.
      ...(principal.kind === "visitor" && { stillAllowed: async () => (await mayRead({ ...call, now: clock(env) }, channel)).ok }),
    });
  });
}

/** A ticket for the events of this topic, for whoever may read it. */
export async function makeTopicEventTicket(
  principal: LivePrincipal,
  channel: string,
  call: TopicCall,
): Promise<Outcome<MadeTicket & { path: string }>> {
  if (!isTopicChannel(channel)) return refuse("invalid-parameter", "Send `events=room/{room}`, or `events={kind}/{name}` of a topic.");
  const seen = await readable(call, channel);
  if (!seen.ok) return seen;
  const made = await makeEventTicket(call.env, principal, channel, "topics:read", call.now);
  const [kind = "", ...name] = channel.split("/");
  return accept({ ...made, path: `/v1/topics/${kind}/${encodeURIComponent(name.join("/"))}/events` });
}

async function readable(call: TopicCall, channel: string): Promise<Outcome<null>> {
  const allowed = await mayRead(call, channel);
  if (!allowed.ok) return allowed;
  return (await lookUp(call, channel)) ? allowed : { ok: false, problem: NO_TOPIC };
}

/** That this topic may be read was just seen: what is public by its mark no hub knows. */
function readerOf(entry: HubEntry, channel: string): HubEntry {
  return { ...entry, admission: { ...entry.admission, topics: { read: [channel], publish: [] } } };
}

async function visitorsEntry({ tenantId }: VisitorPrincipal, call: TopicCall): Promise<HubEntry> {
  const admission: Admission = {
    v: 1,
    actor: "visitor",
    credential: "visitor",
    actions: [],
    checkedAt: call.now,
    credentialExpiresAt: null,
    ticket: null,
  };
  return { tenantId, hub: randomHub(await hubsOf(call, tenantId, call.now)), admission };
}

function channelInPath(url: URL): string {
  const [, kind = "", name = ""] = CHANNEL_IN_PATH.exec(url.pathname) ?? [];
  try {
    return `${kind}/${decodeURIComponent(name)}`;
  } catch {
    return ""; // a broken escape: no topic of ours
  }
}
