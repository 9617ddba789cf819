import { LIVE_CHANNELS, LIVE_LIMITS } from "../../contract/live-codes.ts";
import { isTopicChannel } from "../../contract/topic-names.ts";
import type { Session } from "./session.ts";
import { isTopic, type ParsedChannel, parseChannel } from "./topics.ts";

/** Every channel that is followed at this hub, by whomever. */
export interface Followed {
  readonly size: number;
  has(channel: string): boolean;
}

export type Judgement =
  { readonly ok: true; readonly parsed: ParsedChannel } | { readonly ok: false; readonly code: string; readonly detail: string };

/** Whether this socket may begin to follow a channel. Who may read a topic, its home says. */
export function judgeSubscription(session: Session, channel: string, followed: Followed): Judgement {
  const parsed = parseChannel(channel);
  if (!parsed) {
    return refuse("unknown-channel", `There is no kind of channel like that; known: ${Object.keys(LIVE_CHANNELS).join(", ")}.`);
  }
  const { action } = LIVE_CHANNELS[parsed.kind];
  if (isTopic(parsed)) {
    if (!isTopicChannel(channel)) return refuse("unknown-channel", "There is no topic of such a name.");
  } else if (!session.held.actions.includes(action)) return refuse("forbidden", `This channel needs ${action}.`);
  if (session.channels.get(channel)) return refuse("in-progress", "A subscription to this channel is already on its way.");
  const known = session.channels.has(channel);
  if (!known && session.channels.size >= LIVE_LIMITS.channels) {
    return refuse("too-many-subscriptions", `A socket follows at most ${LIVE_LIMITS.channels} channels.`);
  }
  if (!followed.has(channel) && followed.size >= LIVE_LIMITS.topicsPerHub) {
    return refuse("limit-reached", `A hub follows at most ${LIVE_LIMITS.topicsPerHub} different channels.`);
  }
  return { ok: true, parsed };
}

function refuse(code: string, detail: string): Judgement {
  return { ok: false, code, detail };
}
