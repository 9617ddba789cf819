import {
  type ObjectAddress,
  type ObjectKind,
  type ObjectNamespace,
  PLATFORM_TENANT,
  callObject,
  objectAt,
} from "../../contract/address.ts";
import { rendezvousPlace } from "../../contract/rendezvous.ts";
import { SUBJECT_LIMITS, subjectOf } from "../../contract/subject-id.ts";
import type { AgentFleetRpc } from "../../contract/rpc/agents.ts";
import type { AttemptLimiterRpc } from "../../contract/rpc/attempts.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { HubRpc } from "../../contract/rpc/hub.ts";
import type { InboxRpc } from "../../contract/rpc/inbox.ts";
import type { LeaderboardRpc } from "../../contract/rpc/leaderboard.ts";
import type { MetricShardRpc } from "../../contract/rpc/metrics.ts";
import type { RealtimeRpc } from "../../contract/rpc/realtime.ts";
import type { RoomRpc } from "../../contract/rpc/room.ts";
import type { SubjectsRpc } from "../../contract/rpc/subjects.ts";
import type { TenantRpc } from "../../contract/rpc/tenant.ts";
import type { EdgeEnv } from "../env.ts";

/** What an object's address is made of: the authenticated principal, never something the caller names. */
export interface ObjectCall {
  readonly env: EdgeEnv;
  readonly principal: { readonly tenantId: string };
  /** With an Idempotency-Key in it, changes may be repeated too. */
  readonly meta?: CallMeta;
}

/** Objects over which sign-in attempts spread. */
const ATTEMPT_OBJECTS = 8;

/** Which calls are tried again when the platform says they may be. */
interface Repeats<T> {
  /** They change nothing, or come to the same when made twice. */
  readonly always: readonly (keyof T & string)[];
  /** Changes that the object recognises by the Idempotency-Key in their meta: only with one. */
  readonly keyed?: readonly (keyof T & string)[];
}

const COMMON = ["outboxStatus", "confirmOutbox"] as const;

const SUBJECTS: Repeats<SubjectsRpc> = {
  always: [
    ...COMMON,
    "loginSucceeded",
    "findEmail",
    "pendingOf",
    "claimEmail",
    "finishVerification",
    "releaseEmail",
    "putAccount",
    "account",
    "noteSeen",
    "describe",
    "closeFamilies",
    "endFamilies",
    "closeFamilyBySecret",
    "maintain",
  ],
  keyed: ["createGuest", "setPassword", "deleteSubject"],
};

const TENANT: Repeats<TenantRpc> = {
  always: [
    ...COMMON,
    "describe",
    "keysVersion",
    "findKey",
    "listKeys",
    "revokeKey",
    "listAudit",
    "verifyAudit",
    "settings",
    "metricSettings",
    "noteHostVerified",
    "mailSecret",
    "listIssuers",
    "deleteIssuer",
    "listPublic",
    "setPublic",
    "revoke",
    "access",
    "maintain",
  ],
  keyed: ["create", "putSettings", "putMetricSettings", "putIssuer", "createKey"],
};
const METRICS: Repeats<MetricShardRpc> = {
  always: [
    ...COMMON,
    "ingest",
    "importBatch",
    "select",
    "withdraw",
    "listHosts",
    "findHost",
    "interest",
    "status",
    "catalog",
    "deleteSeries",
  ],
};
const HUB: Repeats<HubRpc> = {
  // A message is known again by its clientId, a definition by its version, a removal by being there.
  always: [...COMMON, "closeCredentials", "kick", "configureTopic", "removeTopic", "publishTo", "askTopic", "since", "noteHome", "homeOf"],
};
const LEADERBOARDS: Repeats<LeaderboardRpc> = {
  always: [...COMMON, "configure", "remove", "submitBatch", "importScores", "ask", "askMany", "erasePlayer", "closeCredentials"],
  keyed: ["startRun", "submit", "submitMany", "decide"],
};
const ROOMS: Repeats<RoomRpc> = {
  // A message is known again by its clientId, an import by its batch, a removal by being there.
  always: [
    ...COMMON,
    "configure",
    "remove",
    "post",
    "putReceipts",
    "ask",
    "importMessages",
    "mayUpload",
    "noteMedia",
    "closeCredentials",
    "kick",
  ],
  keyed: ["edit", "erase", "react", "putMember", "removeMember"],
};
const INBOXES: Repeats<InboxRpc> = { always: [...COMMON, "list"] };
const REALTIME: Repeats<RealtimeRpc> = { always: [...COMMON, "stats", "connections", "objectOf", "forget"] };
const AGENTS: Repeats<AgentFleetRpc> = { always: [...COMMON, "list", "find", "lookup", "closeCredentials"], keyed: ["configure"] };
const ATTEMPTS: Repeats<AttemptLimiterRpc> = { always: [...COMMON, "clear"] };

/** The tenant's own object: settings, keys, audit. */
export function tenantOf(call: ObjectCall): TenantRpc {
  return stubOf(call.env.TENANT, addressOf(call, "tenant", "main"), TENANT, call.meta);
}

/** Shard `n` of the tenant's series. */
export function metricsOf(call: ObjectCall, n = 0): MetricShardRpc {
  return stubOf(call.env.METRICS, addressOf(call, "metrics", String(n)), METRICS, call.meta);
}

/** Hub `n` of the tenant's live sockets; below `TOPIC_LIMITS.hubsMax`. */
export function hubOf(call: ObjectCall, n: number): HubRpc {
  return stubOf(call.env.HUB, addressOf(call, "hub", String(n)), HUB, call.meta);
}

/** One board of the tenant. */
export function boardOf(call: ObjectCall, board: string): LeaderboardRpc {
  return stubOf(call.env.LEADERBOARDS, addressOf(call, "leaderboard", board), LEADERBOARDS, call.meta);
}

/** One room of the tenant. */
export function roomOf(call: ObjectCall, room: string): RoomRpc {
  return stubOf(call.env.ROOMS, addressOf(call, "room", room), ROOMS, call.meta);
}

/** One person's conversations. @param ref `subjectRef` of the person */
export function inboxOf(call: ObjectCall, ref: string): InboxRpc {
  return stubOf(call.env.INBOXES, addressOf(call, "inbox", ref), INBOXES, call.meta);
}

/** What live objects of the tenant report. */
export function realtimeOf(call: ObjectCall): RealtimeRpc {
  return stubOf(call.env.REALTIME, addressOf(call, "realtime", "main"), REALTIME, call.meta);
}

/** One sorted set of the Redis protocol. */
export function sortedSetOf(call: ObjectCall, key: string): Pick<LeaderboardRpc, "redis"> {
  return stubOf(call.env.LEADERBOARDS, addressOf(call, "sorted-set", key), LEADERBOARDS, call.meta);
}

/** The tenant's host agents. */
export function agentsOf(call: ObjectCall): AgentFleetRpc {
  return stubOf(call.env.AGENTS, addressOf(call, "agents", "main"), AGENTS, call.meta);
}

/** The object that keeps this subject's account and refresh families. */
export function subjectsOf(call: ObjectCall, issuer: string, sub: string): SubjectsRpc {
  return subjectsAt(call, placeOfSubject(issuer, sub));
}

/** The object whose directory holds this address. */
export function directoryOf(call: ObjectCall, emailDigest: string): SubjectsRpc {
  return subjectsAt(call, placeOfEmail(emailDigest));
}

/** Object `place` of the tenant's subjects, below `SUBJECT_LIMITS.places`: as a refresh handle names it. */
export function subjectsAt(call: ObjectCall, place: number): SubjectsRpc {
  return stubOf(call.env.SUBJECTS, addressOf(call, "subjects", String(place)), SUBJECTS, call.meta);
}

export function placeOfSubject(issuer: string, sub: string): number {
  return rendezvousPlace(subjectOf(issuer, sub), SUBJECT_LIMITS.places);
}

export function placeOfEmail(emailDigest: string): number {
  return rendezvousPlace(`email ${emailDigest}`, SUBJECT_LIMITS.places);
}

/** The limiter that counts this bucket (a hash of an account or an address), for the whole deployment. */
export function attemptsOf(env: EdgeEnv, bucketName: string): AttemptLimiterRpc {
  const name = String(rendezvousPlace(bucketName, ATTEMPT_OBJECTS));
  return stubOf(env.ATTEMPTS, { tenantId: PLATFORM_TENANT, kind: "attempts", name }, ATTEMPTS, undefined);
}

function addressOf(call: ObjectCall, kind: ObjectKind, name: string): ObjectAddress {
  return { tenantId: call.principal.tenantId, kind, name };
}

type Method = (...args: readonly unknown[]) => Promise<unknown>;

/** A stub whose every call, and every retry of a repeatable one, goes through a fresh stub: a broken one stays broken. */
function stubOf<T extends object>(
  namespace: ObjectNamespace<T>,
  address: ObjectAddress,
  repeats: Repeats<T>,
  meta: CallMeta | undefined,
): T {
  return new Proxy({} as T, {
    get: (_target, method) => {
      // `then` would make the proxy look like a promise to `await`.
      if (typeof method !== "string" || method === "then") return undefined;
      return async (...args: readonly unknown[]) => {
        const attempt = async () => {
          const stub = objectAt(namespace, address);
          const call = stub[method as keyof T] as Method; // named by the caller through T, which this proxy is handed out as
          return await Reflect.apply(call, stub, args);
        };
        return mayRepeat(method, repeats, meta) ? await callObject(attempt) : await attempt();
      };
    },
  });
}

function mayRepeat(
  method: string,
  { always, keyed = [] }: { readonly always: readonly string[]; readonly keyed?: readonly string[] },
  meta: CallMeta | undefined,
): boolean {
  return always.includes(method) || (meta?.idempotency !== undefined && keyed.includes(method));
}
