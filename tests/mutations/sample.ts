import { createHash } from "node:crypto";
import { type Mutation, projectOf } from "./mutation.ts";

/** At most a quarter of a sample runs inside workerd, so that a sample stays within its time. */
const WORKERS_SHARE = 4;

/** @returns `count` mutations, always the same for the same seed, at most a quarter of them inside workerd */
export function chooseSample(catalogue: readonly Mutation[], seed: string, count: number): Mutation[] {
  const rank = ({ rule, file, find }: Mutation): string => createHash("sha256").update([seed, rule, file, find].join("\0")).digest("hex");
  const shuffled = catalogue
    .map((mutation) => ({ mutation, rank: rank(mutation) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ mutation }) => mutation);
  const workers = shuffled.filter((mutation) => projectOf(mutation) === "workers").slice(0, Math.floor(count / WORKERS_SHARE));
  const node = shuffled.filter((mutation) => projectOf(mutation) === "node").slice(0, count - workers.length);
  return [...workers, ...node];
}
