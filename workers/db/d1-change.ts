import * as z from "zod";
import type { NewEvent } from "../../contract/events.ts";
import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import { accept, type Outcome, type Problem, refuse } from "../../contract/problems.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { AuditNote } from "../../contract/rpc/tenant.ts";
import type { EdgeEnv } from "../env.ts";
import { tenantOf } from "../http/objects.ts";
import { type Guard, insertEntry, type OutboxEntry, tell } from "./d1-outbox.ts";

const DAY_MS = 86_400_000;

export interface D1Call {
  readonly env: EdgeEnv;
  readonly principal: { readonly tenantId: string };
  readonly meta: CallMeta;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** A change of what lives only in D1. */
export interface D1Change<T> {
  readonly about: Omit<AuditNote, "outcome">;
  readonly event: NewEvent;
  /** Whether it may happen, judged inside the batch. Each statement repeats the condition or follows from the first one's work. */
  readonly guard: Guard;
  readonly statements: readonly D1PreparedStatement[];
  readonly answer: T;
  /** The answer holds a secret: it is not kept, and its replay is 409 secret-already-shown. */
  readonly secret?: true;
  /** What has to succeed elsewhere before the batch, such as an object's own decision. It may be made again; its refusal ends the change. */
  first?(): Promise<Outcome<unknown>>;
  /** Why it did not happen, asked after the guard failed. */
  refused(): Promise<Problem>;
}

/** What is asked for is so already: nothing is written, noted or told. */
export interface Unchanged<T> {
  readonly unchanged: T;
}

const recordSchema = z.object({ route: z.string(), body_hash: z.string(), answer: z.string().nullable() });

/** The answer of an earlier request with this Idempotency-Key: the same answer, a refusal, or undefined for a first request. */
async function replayed<T>(call: D1Call, parse: (answer: unknown) => T): Promise<Outcome<T> | undefined> {
  const claim = call.meta.idempotency;
  if (!claim) return undefined;
  const row = await call.env.DB.prepare(
    "SELECT route, body_hash, answer FROM control_idempotency WHERE tenant_id = ? AND actor = ? AND key = ? AND created_at > ?",
  )
    .bind(call.principal.tenantId, call.meta.actor, claim.key, call.now - DAY_MS)
    .first();
  if (row === null) return undefined;
  const record = recordSchema.parse(row);
  if (record.route !== claim.route || record.body_hash !== claim.bodyHash) {
    return refuse("idempotency-mismatch", "This Idempotency-Key was used with another request. Send a fresh one.");
  }
  if (record.answer === null) {
    return refuse("secret-already-shown", "This was done, and its secret was shown once. Cancel it and make another if it is lost.");
  }
  return accept(parse(JSON.parse(record.answer)));
}

/**
 * Makes a change, once per Idempotency-Key: intent into the audit chain, then state, outbox row and idempotency record in
 * one batch, then the result and the event through the Tenant object (by the sweep, should this request end before).
 * @param parse reads the answer of an earlier request back
 * @param prepare runs only for a first request, since after a change the same one may no longer be allowed
 * @throws when the intent cannot be noted: a change that cannot be audited is not made
 */
export async function changeInD1<T>(
  call: D1Call,
  parse: (answer: unknown) => T,
  prepare: () => Promise<Outcome<D1Change<T> | Unchanged<T>>>,
): Promise<Outcome<T>> {
  const earlier = await replayed(call, parse);
  if (earlier) return earlier;
  const prepared = await prepare();
  if (!prepared.ok) return prepared;
  const change = prepared.value;
  if ("unchanged" in change) return accept(change.unchanged);
  const tenant = tenantOf(call);
  const intent = await tenant.audit([{ ...change.about, outcome: "intent" }], call.meta);
  if (!intent.ok) return intent;

  const fail = async (problem: Problem): Promise<Outcome<never>> => {
    const detail = { ...change.about.detail, problem: problem.slug };
    await tenant.audit([{ ...change.about, outcome: "failed", detail }], call.meta);
    return { ok: false, problem };
  };
  const first = await change.first?.();
  if (first?.ok === false) return await fail(first.problem);

  const entry = entryOf(call, change);
  let changed: boolean;
  try {
    changed = await commit(call, change, entry);
  } catch (error) {
    const twin = await replayed(call, parse);
    if (twin) return twin;
    throw error;
  }
  if (!changed) return await fail(await change.refused());
  try {
    await tell(call.env, entry);
  } catch (error) {
    // The row is committed; the next sweep tells it.
    console.error(JSON.stringify({ level: "warn", event: "outbox-later", tenant: entry.tenantId, error: String(error) }));
  }
  return accept(change.answer);
}

function entryOf<T>({ meta, principal, now }: D1Call, { about, event }: D1Change<T>): OutboxEntry {
  return {
    id: uuidv7(now, cryptoRandom),
    tenantId: principal.tenantId,
    meta: { requestId: meta.requestId, actor: meta.actor, actorName: meta.actorName },
    note: { ...about, outcome: "done" },
    event,
  };
}

/** One transaction. The outbox row comes first, since later statements may end what its guard looks at; it tells whether anything happened. */
async function commit<T>(call: D1Call, change: D1Change<T>, entry: OutboxEntry): Promise<boolean> {
  const { env, meta, now } = call;
  const record = meta.idempotency ? recordStatements(call, meta.idempotency, change) : [];
  const [told] = await env.DB.batch([insertEntry(env.DB, entry, now, change.guard), ...record, ...change.statements]);
  return told?.meta.changes === 1;
}

/** A twin in flight breaks the primary key and with it the whole batch, so that of two equal requests one changes anything. */
function recordStatements<T>(call: D1Call, claim: NonNullable<CallMeta["idempotency"]>, change: D1Change<T>): D1PreparedStatement[] {
  const { env, principal, meta, now } = call;
  const answer = change.secret ? null : JSON.stringify(change.answer);
  const id = [principal.tenantId, meta.actor, claim.key];
  return [
    env.DB.prepare("DELETE FROM control_idempotency WHERE tenant_id = ? AND actor = ? AND key = ? AND created_at <= ?").bind(
      ...id,
      now - DAY_MS,
    ),
    env.DB.prepare(
      `INSERT INTO control_idempotency (tenant_id, actor, key, route, body_hash, answer, created_at) SELECT ?, ?, ?, ?, ?, ?, ? WHERE ${change.guard.sql}`,
    ).bind(...id, claim.route, claim.bodyHash, answer, now, ...change.guard.params),
  ];
}

/** Forgets answers older than a day, a bounded number of rows at a time. */
export async function sweepRecords(db: D1Database, now: number): Promise<void> {
  await db
    .prepare("DELETE FROM control_idempotency WHERE rowid IN (SELECT rowid FROM control_idempotency WHERE created_at < ? LIMIT 500)")
    .bind(now - DAY_MS)
    .run();
}
