import { callObject, objectAt, objectName } from "../../contract/address.ts";
import type { CatalogAsk } from "../../contract/rpc/metrics.ts";
import type { EdgeEnv } from "../env.ts";
import { inParallel } from "../consumers/parallel.ts";

export const WARM_LIMITS = {
  /** Shards of a node: full ones take some 30 MiB each. */
  shards: 16,
  /** They share a processor: a second one only fills the pauses of the first. */
  atOnce: 2,
} as const;

/** Makes the shard read its rows, and its index of labels, which the first question would. */
const FIRST_QUESTION: CatalogAsk = { limit: 1 };

/**
 * Opens the newest metric shards that the registry knows, so that nobody's first question waits for write-ahead rows to be read. For a
 * single node, before it says that it runs; on Cloudflare objects come and go by themselves. A shard that cannot be opened is logged,
 * and will say so to whoever asks it.
 */
export async function warmShards(env: EdgeEnv): Promise<void> {
  const { results } = await env.DB.prepare(
    "SELECT tenant_id AS tenantId, name FROM control_object WHERE kind = 'metrics' ORDER BY created_at DESC, tenant_id, name LIMIT ?1",
  )
    .bind(WARM_LIMITS.shards)
    .all<{ tenantId: string; name: string }>();
  await inParallel(results, WARM_LIMITS.atOnce, async ({ tenantId, name }) => {
    const address = { tenantId, kind: "metrics", name } as const;
    try {
      await callObject(async () => await objectAt(env.METRICS, address).catalog("names", FIRST_QUESTION));
    } catch (error) {
      console.error(JSON.stringify({ level: "error", event: "warm-failed", object: objectName(address), error: String(error) }));
    }
  });
}
