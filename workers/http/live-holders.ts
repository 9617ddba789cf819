import { callObject, type ObjectAddress, objectAt, type ObjectKind, type ObjectNamespace } from "../../contract/address.ts";
import { type LiveRevocation, namesOfAdmission, refusalOfRevoked } from "../../contract/live-revocation.ts";
import { accept, type Outcome } from "../../contract/problems.ts";
import type { Admission } from "../../contract/rpc/hub.ts";
import { inParallel } from "../consumers/parallel.ts";
import type { EdgeEnv } from "../env.ts";
import { registerIsolateCache } from "./isolate-caches.ts";
import { Lru } from "./lru.ts";
import { type KeepAlive, SingleFlight } from "./single-flight.ts";

export const HOLDER_LIMITS = {
  /** An isolate notes the same holder again after this. */
  noteEveryMs: 600_000,
  /** Holders that one isolate remembers to have noted. */
  holders: 10_000,
  /** A holder without sockets is forgotten when nobody can believe any more that it is noted. */
  keepMs: 660_000,
  /** Revocations are read by who notes a holder: far longer than a credential is believed without asking. */
  revocationMs: 300_000,
  /** Rows of one read, and objects that are asked at once. */
  page: 500,
  atOnce: 32,
} as const;

/** What holds sockets of its own and is no hub. */
interface Holder {
  closeCredentials(credentials: readonly string[], at?: number): Promise<{ closed: number; left: number }>;
}
/** By kind of their addresses; a row of another kind is of another release. */
const HOLDERS: Partial<Record<ObjectKind, (env: EdgeEnv) => ObjectNamespace<Holder>>> = {
  leaderboard: (env) => env.LEADERBOARDS,
  room: (env) => env.ROOMS,
};

const noted = new Lru<true>(HOLDER_LIMITS.holders);
const notes = new SingleFlight<void>();
registerIsolateCache(() => {
  noted.clear();
  notes.clear();
});

/**
 * Notes that an object may hold sockets, once in ten minutes and isolate, before one is let in; then looks whether the credential was
 * revoked while nobody could know of the object.
 * @returns a refusal for who was revoked; the socket may still be refused by the object itself
 */
export async function noteHolder(
  scene: { readonly env: EdgeEnv; readonly ctx: KeepAlive },
  address: ObjectAddress,
  admission: Admission,
  now: number,
): Promise<Outcome<null>> {
  const { tenantId, kind, name } = address;
  const key = `${tenantId}/${kind}/${name}`;
  if (noted.get(key, now)) return accept(null);
  const { DB } = scene.env;
  await notes.run(key, scene.ctx, async () => {
    await DB.prepare(
      "INSERT INTO live_holder (tenant_id, kind, name, noted_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET noted_at = max(noted_at, excluded.noted_at)",
    )
      .bind(tenantId, kind, name, now)
      .run();
  });
  const { results } = await DB.prepare(
    "SELECT credential, at FROM live_revocation WHERE tenant_id = ?1 AND at > ?2 AND credential IN (SELECT value FROM json_each(?3))",
  )
    .bind(tenantId, now - HOLDER_LIMITS.revocationMs, JSON.stringify(namesOfAdmission(admission)))
    .all<{ credential: string; at: number }>();
  noted.set(key, true, now + HOLDER_LIMITS.noteEveryMs);
  const problem = refusalOfRevoked(admission, results);
  return problem ? { ok: false, problem } : accept(null);
}

/** Takes a note back: there is no such object. */
export async function forgetHolder({ DB }: EdgeEnv, { tenantId, kind, name }: ObjectAddress): Promise<void> {
  noted.delete(`${tenantId}/${kind}/${name}`);
  await DB.prepare("DELETE FROM live_holder WHERE tenant_id = ?1 AND kind = ?2 AND name = ?3").bind(tenantId, kind, name).run();
}

/**
 * Closes the sockets of these credentials, actors or groups at every object that may hold some. Closing again does nothing.
 * @param when.at as `HubRpc.closeCredentials` takes it
 * @returns how many were closed
 * @throws when an object cannot be asked, after all others were
 */
export async function closeAtHolders(
  env: EdgeEnv,
  tenantId: string,
  credentials: readonly string[],
  { now, at }: { readonly now: number; readonly at?: number | undefined },
): Promise<number> {
  await writeRevocations(
    env.DB,
    tenantId,
    credentials.map((credential) => ({ credential, at: at ?? now })),
  );
  let closed = 0;
  const empty: ObjectAddress[] = [];
  for (let after: ObjectAddress | undefined; ;) {
    const page = await holdersAfter(env.DB, tenantId, after);
    await inParallel(page, HOLDER_LIMITS.atOnce, async (address) => {
      const namespace = HOLDERS[address.kind]?.(env);
      if (!namespace) return;
      const answer = await callObject(() => objectAt(namespace, address).closeCredentials(credentials, at));
      closed += answer.closed;
      if (answer.left === 0) empty.push(address);
    });
    after = page.at(-1);
    if (page.length < HOLDER_LIMITS.page) break;
  }
  await forgetEmpty(env.DB, empty, now);
  return closed;
}

async function writeRevocations(db: D1Database, tenantId: string, revocations: readonly LiveRevocation[]): Promise<void> {
  const put = db.prepare(
    "INSERT INTO live_revocation (tenant_id, credential, at) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)",
  );
  const old = revocations[0]
    ? [db.prepare("DELETE FROM live_revocation WHERE at <= ?1").bind(revocations[0].at - HOLDER_LIMITS.revocationMs)]
    : [];
  await db.batch([...revocations.map(({ credential, at }) => put.bind(tenantId, credential, at)), ...old]);
}

async function holdersAfter(db: D1Database, tenantId: string, after: ObjectAddress | undefined): Promise<ObjectAddress[]> {
  const { results } = await db
    .prepare(
      `SELECT kind, name FROM live_holder WHERE tenant_id = ?1 AND (kind, name) > (?2, ?3) ORDER BY kind, name LIMIT ${HOLDER_LIMITS.page}`,
    )
    .bind(tenantId, after?.kind ?? "", after?.name ?? "")
    .all<{ kind: ObjectKind; name: string }>();
  return results.map(({ kind, name }) => ({ tenantId, kind, name }));
}

/** Not those that were noted a moment ago: an isolate lets sockets in for ten minutes without noting them again. */
async function forgetEmpty(db: D1Database, empty: readonly ObjectAddress[], now: number): Promise<void> {
  if (empty.length === 0) return;
  const forget = db.prepare("DELETE FROM live_holder WHERE tenant_id = ?1 AND kind = ?2 AND name = ?3 AND noted_at <= ?4");
  await db.batch(empty.map(({ tenantId, kind, name }) => forget.bind(tenantId, kind, name, now - HOLDER_LIMITS.keepMs)));
}
