import { TOPIC_KINDS, TOPIC_NAME_PATTERN, type TopicKind } from "./room-limits.ts";

/** Whether the planes' own topics include this one: it is there for every tenant, at hub 0, without having been made. */
export function isBuiltIn(channel: string): boolean {
  return channel === "deployments/all";
}

/** Whether a topic may have this name at all. */
export function isTopicChannel(channel: string): boolean {
  const slash = channel.indexOf("/");
  const kind = channel.slice(0, slash);
  if (!Object.hasOwn(TOPIC_KINDS, kind)) return false;
  const { names } = TOPIC_KINDS[kind as TopicKind]; // just looked up
  const name = channel.slice(slash + 1);
  return names === "any" ? TOPIC_NAME_PATTERN.test(name) : (names as readonly string[]).includes(name);
}

/** Whether tenants publish to it: what planes tell by themselves takes nothing from others. */
export function takesPublications(channel: string): boolean {
  const kind = channel.slice(0, channel.indexOf("/"));
  return isTopicChannel(channel) && TOPIC_KINDS[kind as TopicKind].publish; // a channel of a topic has such a kind
}
