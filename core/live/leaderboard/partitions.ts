import type { BoardConfig } from "../../../contract/leaderboards.ts";

/**
 * What is wrong with the partitions that a score names: an unknown value, or two of the same key.
 * @returns a sentence for the sender, or undefined when all is well
 */
export function partitionProblem({ partitions }: Pick<BoardConfig, "partitions">, values: readonly string[]): string | undefined {
  const keys = new Set<string>();
  for (const value of values) {
    const owner = partitions.find((partition) => partition.values.includes(value));
    if (!owner) return `The board has no partition ${value}.`;
    if (keys.has(owner.key)) return `Send one value of ${owner.key} only.`;
    keys.add(owner.key);
  }
  return undefined;
}
