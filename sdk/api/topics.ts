import type { z } from "zod";
import type { Page } from "../../contract/pages.ts";
import type { topicMessageSchema } from "../../contract/room-live.ts";
import type { KeyedEntry, TopicAck, TopicConflict, TopicHistory, TopicListed, TopicSettings, TopicView } from "../../contract/topics.ts";
import { listing, type PageQuery } from "../pages.ts";
import type { Call, CallOptions } from "../transport.ts";

export type TopicDraft = z.input<typeof topicMessageSchema>;

/** Topics: settings, what they keep, publishing. A topic is named `kind/name`, as on the socket: `topic/news`, `deployments/all`. */
export function topicsApi(call: Call) {
  const at = (topic: string, rest = "") => {
    const slash = topic.indexOf("/");
    return `/v1/topics/${encodeURIComponent(topic.slice(0, slash))}/${encodeURIComponent(topic.slice(slash + 1))}${rest}`;
  };
  return {
    list: (query?: PageQuery, options?: CallOptions): Promise<Page<TopicListed>> => listing(call, "/v1/topics", query, options),
    get: (topic: string, options?: CallOptions) => call<TopicView>("GET", at(topic), { options }),
    /** Makes it, or replaces its settings; what is left out is the default. @param version of what was seen: 412 when it has changed since */
    put: (topic: string, settings: Partial<TopicSettings> = {}, version?: number, options?: CallOptions) =>
      call<TopicView>("PUT", at(topic), {
        body: settings,
        ...(version === undefined ? {} : { headers: { "if-match": `"v${version}"` } }),
        options,
      }),
    /** With all that it holds. */
    remove: (topic: string, options?: CallOptions) => call<void>("DELETE", at(topic), { options }),
    /** All are stored, or none. Known again by `clientId`, so that this repeats by itself. */
    publish: (topic: string, messages: readonly TopicDraft[], options?: CallOptions) =>
      call<{ items: TopicAck[] }>("POST", at(topic, "/messages"), { body: { messages }, repeat: "safe", options }),
    /** Newest first. */
    messages: (topic: string, query: PageQuery = {}, options?: CallOptions) =>
      call<TopicHistory>("GET", at(topic, "/messages"), { query: { ...query }, options }),
    /** The last write of each key, by key. */
    state: (topic: string, query?: PageQuery, options?: CallOptions): Promise<Page<KeyedEntry>> =>
      listing(call, at(topic, "/state"), query, options),
    /** Stale writes, the newest 100. */
    conflicts: (topic: string, options?: CallOptions) => call<{ items: TopicConflict[] }>("GET", at(topic, "/conflicts"), { options }),
  };
}
