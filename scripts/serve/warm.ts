import type { Miniflare } from "miniflare";
import { WARM_NODE } from "../../contract/warm-node.ts";

/**
 * Lets the platform make its memory from rows before the node says that it runs, as a Prometheus reads its log before it is ready.
 * A node that cannot is a slower one and starts all the same.
 */
export async function warmNode(node: Pick<Miniflare, "getWorker">, say: (sentence: string) => void): Promise<void> {
  try {
    const worker = await node.getWorker("meridian");
    const { outcome } = await worker.scheduled({ cron: WARM_NODE, scheduledTime: new Date() });
    if (outcome !== "ok") throw new Error(outcome);
  } catch (error) {
    say(`first questions will be slow: ${error instanceof Error ? error.message : String(error)}`);
  }
}
