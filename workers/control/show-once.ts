import { type Outcome, refuse } from "../../contract/problems.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { EdgeEnv } from "../env.ts";

const DAY_MS = 86_400_000;

interface KeyedCall {
  readonly env: EdgeEnv;
  readonly principal: { readonly tenantId: string };
  readonly meta: CallMeta;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * Makes something whose answer is a secret, once per Idempotency-Key and whichever objects it concerns: the key is written
 * down before the work, its answer never. What was refused may be tried again with the same key.
 */
export async function showOnce<T>(call: KeyedCall, work: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  const { env, principal, meta, now } = call;
  const claim = meta.idempotency;
  if (!claim) return await work();
  const id = [principal.tenantId, meta.actor, claim.key];
  const [, inserted, found] = await env.DB.batch<{ route: string; bodyHash: string }>([
    env.DB.prepare("DELETE FROM control_idempotency WHERE tenant_id = ? AND actor = ? AND key = ? AND created_at <= ?").bind(
      ...id,
      now - DAY_MS,
    ),
    env.DB.prepare(
      `INSERT INTO control_idempotency (tenant_id, actor, key, route, body_hash, answer, created_at) VALUES (?, ?, ?, ?, ?, NULL, ?)
       ON CONFLICT (tenant_id, actor, key) DO NOTHING`,
    ).bind(...id, claim.route, claim.bodyHash, now),
    env.DB.prepare("SELECT route, body_hash AS bodyHash FROM control_idempotency WHERE tenant_id = ? AND actor = ? AND key = ?").bind(
      ...id,
    ),
  ]);
  if (inserted?.meta.changes !== 1) {
    const same = found?.results[0]?.route === claim.route && found.results[0].bodyHash === claim.bodyHash;
    if (!same) return refuse("idempotency-mismatch", "This Idempotency-Key was used with another request. Send a fresh one.");
    return refuse("secret-already-shown", "This was done, and its secret was shown once. Make another with a fresh key.");
  }
  const outcome = await work();
  if (!outcome.ok)
    await env.DB.prepare("DELETE FROM control_idempotency WHERE tenant_id = ? AND actor = ? AND key = ?")
      .bind(...id)
      .run();
  return outcome;
}
