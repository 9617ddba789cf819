import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { AccessKnown, AccessSnapshot } from "../../contract/rpc/access.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { TenantRpc } from "../../contract/rpc/tenant.ts";
import type { PlanName } from "../../contract/plans.ts";

export const meta: CallMeta = { requestId: "req-1", actor: "user:ada", actorName: "Ada" };

export function tenantAt(id: string) {
  return env.TENANT.getByName(`${id}/tenant/main`);
}

/** A created tenant of the test's own. */
export async function createdTenant(id: string, plan: PlanName = "team") {
  const stub = tenantAt(id);
  const made = await stub.create({ slug: id, name: id, plan }, meta);
  if (!made.ok) throw new Error(made.problem.detail);
  return stub;
}

type TenantStub = ReturnType<typeof tenantAt>;

/** The stub by its interface: the runtime's own stub types cannot say what `unknown` in an audit detail becomes. */
export function rpcOf(stub: TenantStub): TenantRpc {
  return stub as unknown as TenantRpc; // the class implements it
}

/** What an isolate gets that stands at `known`. */
export async function accessOf(stub: TenantStub, known: AccessKnown | null = null): Promise<AccessSnapshot> {
  const snapshot = await rpcOf(stub).access(known);
  if (!snapshot) throw new Error("there is no such tenant");
  return snapshot;
}

/** Rows of a query inside the object; none of its tables holds a blob. */
export async function rowsOf(
  stub: TenantStub,
  query: string,
  ...params: (string | number)[]
): Promise<Record<string, string | number | null>[]> {
  return await runInDurableObject(stub, (_, state) =>
    state.storage.sql.exec<Record<string, string | number | null>>(query, ...params).toArray(),
  );
}

/**
 * How many rows the object writes while `work` runs, the kit's own and index rows counted. Deletions are not: on a single
 * node the consumer's confirmations arrive whenever they do.
 */
export async function rowsWritten(stub: TenantStub, work: () => Promise<unknown>): Promise<number> {
  const total = { rows: 0 };
  const restore = await runInDurableObject(stub, (_, state) => {
    const { sql } = state.storage;
    const exec = sql.exec.bind(sql);
    const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
    sql.exec = ((query: string, ...params: SqlStorageValue[]) => {
      const cursor = exec(query, ...params);
      if (!/^\s*DELETE/i.test(query)) cursors.push(cursor);
      return cursor;
    }) as typeof sql.exec;
    return () => {
      total.rows = cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, 0);
      sql.exec = exec;
    };
  });
  await work();
  await runInDurableObject(stub, () => restore());
  return total.rows;
}
