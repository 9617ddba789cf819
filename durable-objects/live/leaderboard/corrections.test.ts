import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import type { ObjectsEnv } from "../../env.ts";
import { Board } from "./board.ts";
import { meta, standStillAt, START, TestBoard } from "./board-testing.ts";
import type { BoardNews } from "./live.ts";
import { caseOf, flagged, RULES } from "./review-testing.ts";

standStillAt();

it("[LB86] what a decision and a suspension's end did to the rankings is told once it is committed, shadows never", async () => {
  const board = await new TestBoard("corrections").configure({ rules: [...RULES] });
  await flagged(board, "cy", 800);
  const { reviewId } = await caseOf(board, "cy");
  await board.evict();
  const news: BoardNews[] = [];
  await runInDurableObject(board.stub, async (_, state) => {
    const own = new Board(state, env as unknown as ObjectsEnv); // the same, in the runtime's own words
    await own.kit.ready();
    const tell = (one: BoardNews) => {
      // Committed: another transaction can begin.
      own.kit.transaction(() => undefined);
      news.push(one);
    };
    Object.assign(own.live, { tell });
    const decide = async (decision: "ban" | "suspend" | "clear", until?: number) =>
      await own.reviewing.decide(
        reviewId,
        { decision, removeSubmissions: [], note: "", ...(until && { until: new Date(until).toISOString() }) },
        meta,
      );
    await decide("ban");
    await decide("ban");
    await decide("suspend", START + 1_000);
    vi.setSystemTime(START + 1_000);
    own.reviewing.timers["suspensions"]?.(START + 1_000);
  });
  const all = { kind: "all", window: "all", partition: null, shadow: false };
  expect(news).toMatchObject([
    { type: "correction", player: "cy", changes: [{ set: all, change: { before: { inv: -800 }, after: null } }] },
    { type: "correction", player: "cy", changes: [{ set: all, change: { before: null, after: { inv: -800 } } }] },
  ]);
  expect(news).toHaveLength(2);
  expect(news.flatMap((one) => ("changes" in one ? one.changes : [])).every(({ set }) => !set.shadow)).toBe(true);
});
