import { createHash } from "node:crypto";
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, vi } from "vitest";
import * as z from "zod";
import type { Outcome } from "../../contract/problems.ts";
import { rendezvousPlace } from "../../contract/rendezvous.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { ClaimedAccount, PendingAccount, SubjectsRpc } from "../../contract/rpc/subjects.ts";
import { HOSTED, SUBJECT_LIMITS, subjectOf } from "../../contract/subject-id.ts";

export const meta: CallMeta = { requestId: "req-1", actor: "visitor", actorName: "visitor" };

/** A clock that stands far ahead, so that alarms go off by hand only, and a queue that hands nothing on: no tenant is there to be mailed for. */
export function standStillAt(start: number): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: start });
    const taken = { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
    vi.spyOn(env.EVENTS, "sendBatch").mockResolvedValue(taken);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
}

type SubjectsStub = ReturnType<typeof env.SUBJECTS.getByName>;

/**
 * Object `place` of a tenant of the test's own: the stub for looking inside, and by its interface for calling, because the
 * runtime's own stub types cannot say what readonly lists become.
 */
export function subjectsAt(tenant: string, place: number): { readonly stub: SubjectsStub; readonly rpc: SubjectsRpc } {
  const stub = env.SUBJECTS.getByName(`${tenant}/subjects/${place}`);
  return { stub, rpc: stub as unknown as SubjectsRpc }; // the class implements it
}

export const placeOf = (issuer: string, sub: string): number => rendezvousPlace(subjectOf(issuer, sub), SUBJECT_LIMITS.places);

/** A sub of a hosted account that lives at the place; `n` makes it another one. */
export function subAt(place: number, n = 0): string {
  for (let i = 0; ; i++) {
    const sub = `sub-${n}-${i}`;
    if (placeOf(HOSTED, sub) === place) return sub;
  }
}

/** As the edge hands secrets and tokens over. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

export function pendingOf(sub: string, emailDigest: string, more: Partial<PendingAccount> = {}): PendingAccount {
  return { sub, email: `${emailDigest}@example.com`, emailDigest, passwordHash: `$scrypt$of-${sub}`, name: `Name of ${sub}`, ...more };
}

export const linkOf = (token: string): string => `https://meridian.example/verify?token=${token}`;

/** The value of an outcome. @throws when it is a refusal */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`${outcome.problem.slug}: ${outcome.problem.detail}`);
  return outcome.value;
}

export const slugOf = (outcome: Outcome<unknown>): string => (outcome.ok ? "ok" : outcome.problem.slug);

export const tokenOf = (sub: string, emailDigest: string): string => hashOf(`token of ${sub} for ${emailDigest}`);

/** The first half of a mailed link's use, at one object. */
export async function claimed(rpc: SubjectsRpc, sub: string, emailDigest: string): Promise<ClaimedAccount> {
  const token = tokenOf(sub, emailDigest);
  valueOf(await rpc.beginVerification(pendingOf(sub, emailDigest), token, linkOf(sub), meta));
  return valueOf(await rpc.claimEmail(token, meta));
}

/** An account with an address, made the whole way at one object. */
export async function registered(rpc: SubjectsRpc, sub: string, emailDigest: string): Promise<void> {
  valueOf(await rpc.putAccount(await claimed(rpc, sub, emailDigest), meta));
  await rpc.finishVerification(tokenOf(sub, emailDigest));
}

export function familyOf(sub: string, familyId: string, secret: string, issuer = HOSTED): Parameters<SubjectsRpc["openFamily"]>[0] {
  const minted = issuer === HOSTED ? null : { keyId: "key-1", grants: [{ kind: "metrics", name: "shop_*", actions: ["read"] }] };
  const said = { name: "Ada", avatarUrl: null, guest: false };
  return { issuer, sub, familyId, ...said, minted, ttlSeconds: 900, secretHash: hashOf(secret), userAgent: "Browser/1" };
}

/** Rows of a query inside the object; no column that it asks for may be a blob. */
export async function rowsOf(stub: SubjectsStub, query: string): Promise<Record<string, string | number | null>[]> {
  return await runInDurableObject(stub, (_, state) => state.storage.sql.exec<Record<string, string | number | null>>(query).toArray());
}

/** Puts rows behind the object's back, in an object that is open: only so can limits be reached in a test. */
export async function writeRows(stub: SubjectsStub, query: string, ...params: (string | number)[]): Promise<void> {
  await stub.outboxStatus();
  await runInDurableObject(stub, (_, state) => void state.storage.sql.exec(query, ...params));
}

/** Runs work and answers what the object's `exec` was asked meanwhile, with what each statement wrote. */
async function watched(stub: SubjectsStub, work: () => Promise<unknown>): Promise<{ query: string; params: unknown[]; rows: number }[]> {
  const seen: { query: string; params: unknown[]; cursor: { rowsWritten: number } }[] = [];
  const told: { query: string; params: unknown[]; rows: number }[] = [];
  const restore = await runInDurableObject(stub, (_, state) => {
    const { sql } = state.storage;
    const exec = sql.exec.bind(sql);
    sql.exec = ((query: string, ...params: SqlStorageValue[]) => {
      const cursor = exec(query, ...params);
      seen.push({ query, params, cursor });
      return cursor;
    }) as typeof sql.exec;
    return () => {
      told.push(...seen.map(({ query, params, cursor }) => ({ query, params, rows: cursor.rowsWritten })));
      sql.exec = exec;
    };
  });
  await work();
  await runInDurableObject(stub, () => restore());
  return told;
}

/**
 * Rows that the object writes while work runs, the kit's own and index rows counted. Not counted are deletions, and the marks
 * of a single node that an event was handed on: those come when they come.
 */
export async function rowsWritten(stub: SubjectsStub, work: () => Promise<unknown>): Promise<number> {
  const statements = (await watched(stub, work)).filter(({ query }) => !/^\s*(DELETE|UPDATE kit_outbox)/i.test(query));
  return statements.reduce((sum, { rows }) => sum + rows, 0);
}

const bodySchema = z.object({ type: z.string(), subject: z.string(), data: z.record(z.string(), z.unknown()) });

/** Events that the object emits while work runs, in order; a consumer may have taken them away since. */
export async function eventsOf(stub: SubjectsStub, work: () => Promise<unknown>): Promise<z.infer<typeof bodySchema>[]> {
  const statements = (await watched(stub, work)).filter(({ query }) => query.startsWith("INSERT INTO kit_outbox"));
  return statements
    .map(({ params }) => bodySchema.parse(JSON.parse(String(params[1]))))
    .filter(({ type }) => type !== "meridian.object.created");
}
