import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { meta, slugOf, standStillAt, START, TestBoard, valueOf } from "./board-testing.ts";
import { decide, flagged, RULES } from "./review-testing.ts";

standStillAt();

const DAY_MS = 86_400_000;

async function caught(name: string, decision: "ban" | "suspend"): Promise<TestBoard> {
  const board = await new TestBoard(name).configure({ rules: [...RULES] });
  await board.submit("ann", 700);
  await flagged(board, "zorro", 900);
  await decide(board, "zorro", decision, decision === "suspend" ? { until: new Date(START + 3 * DAY_MS).toISOString() } : {});
  return board;
}

/** How a score, a run, an item of a batch and a line of an import of this player are answered. */
async function attempts(board: TestBoard, player: string): Promise<unknown[]> {
  const occurredAt = new Date(Date.now() - 1_000).toISOString();
  const batch = valueOf(await board.batch(`b-${Date.now()}`, [{ player, score: 10 }]));
  const history = valueOf(await board.imports(`i-${Date.now()}`, [{ player, score: 10, occurredAt }]));
  const [item] = batch.items;
  return [
    slugOf(await board.rpc.submit({ player, score: 10 }, "service", meta)),
    slugOf(await board.rpc.startRun(player, meta)),
    item?.ok === false ? item.type : "ok",
    history.refused,
  ];
}
const OUT = ["player-suspended", "player-suspended", "/problems/player-suspended", 1];

async function stateOf(board: TestBoard, player: string): Promise<string> {
  return (await board.ask("stats", { player, trusted: true })).state;
}

describe("erasing a player who is held back", () => {
  it("[LB164] leaves the ban standing, over a restart and another erasure, and nothing to read the id from", async () => {
    const board = await caught("banned", "ban");
    valueOf(await board.rpc.erasePlayer("zorro", meta));
    expect(await attempts(board, "zorro")).toEqual(OUT);
    await board.evict();
    valueOf(await board.rpc.erasePlayer("zorro", meta));
    expect((await board.rpc.maintain({ type: "forget-subject", subject: "hosted|zorro", ref: "r" })).forgotten).toBe(0);
    expect(await attempts(board, "zorro")).toEqual(OUT);
    expect([await stateOf(board, "zorro"), await stateOf(board, "ann")]).toEqual(["banned", "active"]);
    expect(await board.top()).toEqual(["ann:700"]);
    const kept = await board.rows("SELECT * FROM review_ban");
    expect(kept).toEqual([{ digest: expect.stringMatching(/^[\w-]{32}$/), until: null }]);
    const other = await caught("banned-too", "ban");
    valueOf(await other.rpc.erasePlayer("zorro", meta));
    expect(await other.rows("SELECT * FROM review_ban")).not.toEqual(kept);
  });

  it("[LB164] holds when the end user is forgotten, whose player it is", async () => {
    const board = await caught("forgotten", "ban");
    await board.rpc.maintain({ type: "forget-subject", subject: "hosted|zorro", ref: "r" });
    expect(await attempts(board, "zorro")).toEqual(OUT);
  });

  it("[LB164] holds a suspension until its end, then forgets that too", async () => {
    const board = await caught("suspended", "suspend");
    valueOf(await board.rpc.erasePlayer("zorro", meta));
    expect([await stateOf(board, "zorro"), ...(await attempts(board, "zorro"))]).toEqual(["suspended", ...OUT]);
    await board.passes(3 * DAY_MS + 1);
    expect(await board.rows("SELECT * FROM review_ban")).toEqual([]);
    expect(await board.submit("zorro", 10)).toMatchObject({ windows: [{ previousRank: null, rank: 2 }] });
  });

  it("[LB164] lets nobody wait for the timer whose suspension is over", async () => {
    const board = await caught("over", "suspend");
    valueOf(await board.rpc.erasePlayer("zorro", meta));
    await runInDurableObject(board.stub, (_, { storage }) => void storage.sql.exec("UPDATE review_ban SET until = ?", START));
    expect(await stateOf(board, "zorro")).toBe("active");
    expect((await board.submit("zorro", 10)).windows).toHaveLength(1);
  });

  it("[LB164] lets them come back where that is said, during the erasure or later", async () => {
    const [now, later] = [await caught("lift-now", "ban"), await caught("lift-later", "ban")];
    valueOf(await now.rpc.erasePlayer("zorro", meta, "lift"));
    valueOf(await later.rpc.erasePlayer("zorro", meta));
    valueOf(await later.rpc.erasePlayer("zorro", meta, "lift"));
    for (const board of [now, later]) expect((await board.submit("zorro", 10)).windows).toHaveLength(1);
  });

  it("[LB164] works on a board that an earlier release made", async () => {
    const board = await caught("earlier", "ban");
    await runInDurableObject(board.stub, (_, { storage }) => {
      storage.sql.exec("DROP TABLE review_ban");
      storage.sql.exec("DELETE FROM kit_schema WHERE scope = 'object' AND id = 2");
    });
    await board.evict();
    expect(await stateOf(board, "zorro")).toBe("banned");
    valueOf(await board.rpc.erasePlayer("zorro", meta));
    expect(await attempts(board, "zorro")).toEqual(OUT);
    expect(await board.top()).toEqual(["ann:700"]);
  });
});
