import { type ObjectAddress, type ObjectNamespace, callObject, objectAt } from "../../contract/address.ts";
import type { ObjectRpc } from "../../contract/rpc/call.ts";
import type { EdgeEnv } from "../env.ts";
import { closeAtHubs } from "../http/live-holders.ts";
import { inParallel } from "./parallel.ts";
import type { ReadEvent } from "./read-event.ts";

/** Objects that one consumer invocation talks to at the same time. */
const AT_ONCE = 6;

/** A stub of any object, for what every object answers. */
export function anyObject(env: EdgeEnv, address: ObjectAddress): ObjectRpc {
  return objectAt<ObjectRpc>(namespaceOf(env, address), address);
}

function namespaceOf(env: EdgeEnv, address: ObjectAddress): ObjectNamespace<ObjectRpc> {
  switch (address.kind) {
    case "tenant":
      return env.TENANT;
    case "metrics":
      return env.METRICS;
    case "hub":
      return env.HUB;
    case "agents":
      return env.AGENTS;
    case "attempts":
      return env.ATTEMPTS;
    case "subjects":
      return env.SUBJECTS;
    case "leaderboard":
    case "sorted-set":
      return env.LEADERBOARDS;
    case "room":
      return env.ROOMS;
    case "inbox":
      return env.INBOXES;
    case "realtime":
      return env.REALTIME;
  }
}

/**
 * On a single node the outbox keeps its rows until this: the local broker forgets on kill. One call per source object,
 * whatever the number of events. On Cloudflare it does nothing, a resolved send has deleted them.
 */
export async function confirmConsumed(env: EdgeEnv, events: readonly ReadEvent[]): Promise<void> {
  if (env.SINGLE_NODE !== "true") return;
  const seqs = new Map<string, { address: ObjectAddress; seqs: number[] }>();
  for (const { event, source } of events) {
    if (!source) continue;
    const known = seqs.get(event.source);
    if (known) known.seqs.push(event.seq);
    else seqs.set(event.source, { address: source, seqs: [event.seq] });
  }
  await inParallel([...seqs.values()], AT_ONCE, async (one) => {
    await callObject(() => anyObject(env, one.address).confirmOutbox(one.seqs));
  });
}

/**
 * Closes every socket of a credential, at all hubs, the fleet and whatever else holds some. Closing again does nothing.
 * @param at when it was revoked, epoch milliseconds: who has signed in since stays
 */
export async function closeEverywhere(env: EdgeEnv, tenantId: string, credentials: readonly string[], at: number): Promise<void> {
  const fleet = callObject(() => objectAt(env.AGENTS, { tenantId, kind: "agents", name: "main" }).closeCredentials(credentials));
  const [hubs] = await Promise.all([closeAtHubs(env, tenantId, credentials, at), fleet]);
  const failure = hubs.find(({ status }) => status === "rejected");
  if (failure?.status === "rejected") throw failure.reason;
}
