import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { accept } from "../../contract/problems.ts";
import type { ShardIngestReply } from "../../contract/rpc/metrics.ts";
import { GROUP_COMMIT } from "../../core/observe/group-commit.ts";
import { CommitQueue } from "./commit-queue.ts";

const REPLY: ShardIngestReply = { accepted: 1, duplicate: false, refusedSeries: [], dictionary: 1, assigned: [], unknown: false };
const batch = (bytes = 40) => ({ batch: new Uint8Array(bytes), id: "b" });

describe("the queue of requests that wait for a row", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: 1_000_000 }));
  afterEach(() => void vi.useRealTimers());

  const queueOf = (commit?: (batches: readonly unknown[]) => void) => {
    const sizes: number[] = [];
    const queue = new CommitQueue({
      now: Date.now,
      commit: (batches) => {
        sizes.push(batches.length);
        commit?.(batches);
        return batches.map(() => accept(REPLY));
      },
    });
    return { queue, sizes };
  };

  it("[MT23] writes the first three at once, then what waits together, and nothing when nothing waits", async () => {
    const { queue, sizes } = queueOf();
    const waits = Array.from({ length: 10 }, () => queue.add(batch()));
    expect(sizes).toEqual([1, 1, 1]);
    await vi.advanceTimersByTimeAsync(GROUP_COMMIT.everyMs);
    expect(sizes).toEqual([1, 1, 1, 7]);
    expect((await Promise.all(waits)).every(({ ok }) => ok)).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sizes).toHaveLength(4);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("[MT330] refuses beyond its room with a time to come again, and stores those that wait", async () => {
    const { queue, sizes } = queueOf();
    const waits = Array.from({ length: 3 + GROUP_COMMIT.requests }, () => queue.add(batch()));
    const refused = await queue.add(batch());
    expect(refused.ok ? undefined : [refused.problem.slug, refused.problem.retryAfterS]).toEqual(["unavailable", 1]);
    await vi.advanceTimersByTimeAsync(GROUP_COMMIT.everyMs);
    expect(sizes).toEqual([1, 1, 1, GROUP_COMMIT.requests]);
    expect((await Promise.all(waits)).every(({ ok }) => ok)).toBe(true);
    const next = queue.add(batch());
    await vi.advanceTimersByTimeAsync(GROUP_COMMIT.everyMs);
    expect((await next).ok).toBe(true);
  });

  it("[MT23] tells all that waited of a write that failed, and goes on with the next", async () => {
    let fails = true;
    const { queue } = queueOf(() => {
      if (fails) throw new Error("disk full");
    });
    const failed = queue.add(batch());
    await expect(failed).rejects.toThrow("disk full");
    fails = false;
    expect((await queue.add(batch())).ok).toBe(true);
  });
});
