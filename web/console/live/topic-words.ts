import { TOPIC_LIMITS } from "../../../contract/room-limits.ts";
import { isTopicChannel } from "../../../contract/topic-names.ts";
import type { TopicConflict, TopicListed, TopicSettings } from "../../../contract/topics.ts";
import type { TopicDraft } from "../../../sdk/api/topics.ts";
import { plural } from "../../lib/format.ts";
import type { Tone } from "../../ui/state-badge.tsx";

// What the page of topics says, and what its forms send.

export const TOPICS = "/console/live/topics";

/** The console's address of `kind/name`; a name has slashes of its own. */
export function topicAddress(topic: string): string {
  const slash = topic.indexOf("/");
  return `${TOPICS}/${topic.slice(0, slash)}/${encodeURIComponent(topic.slice(slash + 1))}`;
}

export function topicsHead(topics: readonly Pick<TopicListed, "visibility">[]): { tone: Tone; headline: string; detail: string } {
  const open = topics.filter(({ visibility }) => visibility === "public").length;
  return {
    tone: topics.length === 0 ? "muted" : "ok",
    headline: plural(topics.length, "topic"),
    detail: `deployments/all is there without being made.${open > 0 ? ` Everybody may read ${open}.` : ""}`,
  };
}

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** Seconds as a person says them: `7 days`, `90 min`, `45 s`. */
export function keptFor(seconds: number): string {
  if (seconds % DAY_S === 0) return plural(seconds / DAY_S, "day");
  if (seconds % HOUR_S === 0) return plural(seconds / HOUR_S, "hour");
  return seconds % MINUTE_S === 0 ? `${seconds / MINUTE_S} min` : `${seconds} s`;
}

/** A topic's settings in one sentence. */
export function settingsWords({ keyed, keep, keepSeconds, flushMs, visibility }: TopicSettings): string {
  const kept =
    keep === 0 ? "keeps nothing" : `keeps ${keep.toLocaleString("en")} ${keep === 1 ? "message" : "messages"} for ${keptFor(keepSeconds)}`;
  const together = flushMs === 0 ? "sends each message at once" : `sends together what comes within ${flushMs} ms`;
  const who = visibility === "public" ? "Everybody may read it." : "Read by whom a grant names.";
  return `${keyed ? "Holds the last write of each key, " : ""}${kept}, ${together}. ${who}`.replace(/^./, (first) => first.toUpperCase());
}

/** What the contract gives a topic that says nothing; a test holds the two together, since the schema would bring a library along. */
export const FIRST_TOPIC: TopicSettings = {
  visibility: "private",
  flushMs: TOPIC_LIMITS.flushMs,
  keep: TOPIC_LIMITS.keepDefault,
  keepSeconds: TOPIC_LIMITS.keepSecondsDefault,
  keyed: false,
};

/** What is wrong with a topic's name; undefined: nothing. */
export function wrongName(name: string): string | undefined {
  if (name === "" || isTopicChannel(`topic/${name}`)) return undefined;
  return "1 to 100 letters, digits and . _ : - /, without a slash at either end.";
}

/** What the form of a publication holds. */
export interface PublishDraft {
  readonly type: string;
  readonly data: string;
  readonly priority: "critical" | "normal" | "low";
  readonly key: string;
  readonly version: string;
}
export const FIRST_DRAFT: PublishDraft = { type: "message", data: "", priority: "normal", key: "", version: "" };

/** The message, or what is wrong by field. Text that is no JSON is sent as a text. */
export function messageOf(draft: PublishDraft, clientId: string): { message: TopicDraft } | { field: "version"; wrong: string } {
  const { type, data, priority, key, version } = draft;
  if (version.trim() !== "" && !/^\d{1,15}$/.test(version.trim())) return { field: "version", wrong: "A whole number, 0 or more." };
  return {
    message: {
      type: type.trim() || "message",
      data: dataOf(data),
      priority,
      clientId,
      ...(key !== "" && { key }),
      ...(version.trim() !== "" && { version: Number(version.trim()) }),
    },
  };
}

function dataOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // a person wrote words
  }
}

const SHOWN_CHARS = 400;

/** A message's data on one line, cut where it is long. */
export function dataWords(data: unknown): string {
  const text = typeof data === "string" ? data : (JSON.stringify(data) ?? "nothing");
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
}

/** Which write lost against which. */
export function conflictWords({ key, lost, won }: Pick<TopicConflict, "key" | "lost" | "won">): string {
  if (lost.version !== won.version) return `${key}: version ${lost.version} of ${lost.by} came after version ${won.version}`;
  return lost.at !== won.at
    ? `${key}: two writes of version ${lost.version}, that of ${lost.by} was the earlier`
    : `${key}: two writes of version ${lost.version} at the same time, the other name came later than that of ${lost.by}`;
}
