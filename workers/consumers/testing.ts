import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { ObjectNamespace } from "../../contract/address.ts";
import { objectName } from "../../contract/address.ts";
import type { EventMessage } from "../../contract/events.ts";
import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import type { MaintenanceOrder } from "../../contract/rpc/maintenance.ts";
import type { EdgeEnv } from "../env.ts";
import { consumeEvents } from "./events.ts";
import { consume } from "./index.ts";
import type { SendMail } from "./mail-webhook.ts";

export const EVENTS_QUEUE = "meridian-events";
export const DEAD_QUEUE = "meridian-events-dead";
export const NOON = Date.parse("2026-11-20T12:00:00.000Z");

/** An event of a tenant's `tenant/main`, with whatever a test wants different. */
export function eventOf(tenantId: string, seq: number, more: Partial<EventMessage> = {}): EventMessage {
  const at = more.at ?? NOON + seq;
  return {
    v: 1,
    id: uuidv7(at, cryptoRandom),
    tenantId,
    source: objectName({ tenantId, kind: "tenant", name: "main" }),
    seq,
    type: "meridian.member.joined",
    subject: `member/${seq}`,
    at,
    data: { seq },
    ...more,
  };
}

export interface Delivered {
  readonly acked: string[];
  /** Message id to its delay in seconds; undefined when it was given back without one. */
  readonly retried: ReadonlyMap<string, number | undefined>;
}

/** Hands bodies to the consumer as one batch; message ids are `m0`, `m1`, … or the given ones. */
export async function deliver(
  bodies: readonly { readonly body: unknown; readonly id?: string; readonly attempts?: number }[],
  options: { readonly env?: EdgeEnv; readonly queue?: string; readonly send?: SendMail } = {},
): Promise<Delivered> {
  const batch = createMessageBatch(
    options.queue ?? EVENTS_QUEUE,
    bodies.map((one, n) => ({ id: one.id ?? `m${n}`, timestamp: new Date(NOON), attempts: one.attempts ?? 1, body: one.body })),
  );
  const retried = new Map<string, number | undefined>();
  // The result of a batch leaves the delays out, so they are noted on the way.
  const messages = batch.messages.map((message) => ({
    id: message.id,
    timestamp: message.timestamp,
    attempts: message.attempts,
    body: message.body,
    ack: () => message.ack(),
    retry: (how?: QueueRetryOptions) => {
      retried.set(message.id, how?.delaySeconds);
      message.retry(how);
    },
  }));
  const ctx = createExecutionContext();
  const seen: MessageBatch = {
    queue: batch.queue,
    messages,
    metadata: batch.metadata,
    ackAll: () => batch.ackAll(),
    retryAll: () => batch.retryAll(),
  };
  const consumerEnv = options.env ?? recordingEnv().env;
  await (options.send ? consumeEvents(seen, consumerEnv, options.send) : consume(seen, consumerEnv, ctx));
  return { acked: (await getQueueResult(batch, ctx)).explicitAcks, retried };
}

export interface Recording {
  readonly env: EdgeEnv;
  readonly confirmed: [name: string, seqs: readonly number[]][];
  readonly closed: [name: string, credentials: readonly string[], at: number | undefined][];
  readonly maintained: [name: string, order: MaintenanceOrder][];
  readonly ended: [name: string, of: { issuer: string | null; sub: string | null }, before: number][];
}

/** The real databases and bucket, with objects that only note what they were asked, or fail where a test says so. */
export function recordingEnv(more: Partial<EdgeEnv> & { readonly failing?: (name: string) => boolean } = {}): Recording {
  const confirmed: Recording["confirmed"] = [];
  const closed: Recording["closed"] = [];
  const maintained: Recording["maintained"] = [];
  const ended: Recording["ended"] = [];
  const { failing = () => false, ...bindings } = more;
  const namespace = {
    getByName: (name: string) => {
      const check = () => {
        if (failing(name)) throw new Error(`${name} is away`);
      };
      return {
        confirmOutbox: async (seqs: readonly number[]) => {
          check();
          confirmed.push([name, seqs]);
        },
        closeCredentials: async (credentials: readonly string[], at?: number) => {
          check();
          closed.push([name, credentials, at]);
          return 1;
        },
        closeAtPlaces: async () => {
          check();
          return { closed: 0, failed: 0, next: null };
        },
        maintain: async (order: MaintenanceOrder) => {
          check();
          maintained.push([name, order]);
          return { forgotten: 0 };
        },
        endFamilies: async (of: Recording["ended"][number][1], before: number) => {
          check();
          ended.push([name, of, before]);
          return { closed: 0 };
        },
        outboxStatus: async () => {
          check();
          return { depth: 2, oldestAt: NOON - 5_000 };
        },
      };
    },
  } as unknown as ObjectNamespace<never>; // the consumers ask no more of an object than these
  const objects = { TENANT: namespace, METRICS: namespace, HUB: namespace, AGENTS: namespace, ATTEMPTS: namespace, SUBJECTS: namespace };
  return { env: { ...(env as unknown as EdgeEnv), ...objects, ...bindings }, confirmed, closed, maintained, ended }; // the test's bindings are the edge's
}

/** A tenant's history as the table holds it, oldest first. */
export async function historyOf(tenantId: string): Promise<Record<string, unknown>[]> {
  const rows = await env.HISTORY.prepare("SELECT * FROM control_event WHERE tenant_id = ?1 ORDER BY id").bind(tenantId).all();
  return rows.results;
}
