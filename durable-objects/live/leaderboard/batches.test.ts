import { describe, expect, it, vi } from "vitest";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import { meta, slugOf, standStillAt, START, TestBoard, valueOf } from "./board-testing.ts";

standStillAt();

const HOUR_MS = 3_600_000;

describe("a batch", () => {
  it("[LB36] answers per item in order; a bad or refused one refuses only itself", async () => {
    const board = await new TestBoard("batch-items").configure({
      rules: [
        { type: "max-score", max: 100 },
        { type: "points-per-second", max: 10 },
      ],
    });
    const reply = valueOf(
      await board.batch("b1", [
        { player: "ann", score: 5 },
        { player: "bob", score: 101 },
        { player: "cat", delta: 5 },
        { player: "d\n", score: 5 },
        { player: "eve", score: 50, durationMs: 1_000 },
        { player: "fay", score: 7 },
      ]),
    );
    expect([reply.duplicate, reply.accepted]).toEqual([false, 3]);
    expect(reply.items.map((item) => (item.ok ? item.verdict : item.type))).toEqual([
      "accepted",
      "/problems/score-implausible",
      "/problems/invalid-body",
      "/problems/invalid-id",
      "flagged",
      "accepted",
    ]);
    expect(reply.items.map(({ submissionId }) => submissionId && Number.parseInt(submissionId.slice(-12), 16))).toEqual([
      1,
      2,
      undefined,
      undefined,
      3,
      4,
    ]);
    expect(await board.top()).toEqual(["eve:50", "fay:7", "ann:5"]);
  });

  it("[LB134] of a known id with another body is refused and does nothing", async () => {
    const board = await new TestBoard("batch-other").configure({ operator: "sum" });
    valueOf(await board.batch("b", [{ player: "ann", delta: 5 }]));
    expect(slugOf(await board.batch("b", [{ player: "ann", delta: 55 }]))).toBe("idempotency-mismatch");
    expect(slugOf(await board.batch("b", [{ player: "a" }, { player: "b" }]))).toBe("idempotency-mismatch");
    expect(slugOf(await board.batch("b", [{ player: "ann", delta: 6 }]))).toBe("idempotency-mismatch");
    expect(slugOf(await board.batch("b", [{ player: "bob", delta: 5 }]))).toBe("idempotency-mismatch");
    expect(valueOf(await board.batch("b", [{ player: "ann", delta: 5 }])).duplicate).toBe(true);
    expect(await board.top()).toEqual(["ann:5"]);
  });

  it("[LB134] that was kept by its length alone is told by that", async () => {
    const board = await new TestBoard("batch-older").configure({ operator: "sum" });
    const items = [{ player: "ann", delta: 5 }];
    const first = valueOf(await board.batch("b", items));
    const bytes = JSON.stringify({ batchId: "b", items }).length;
    await board.rows("UPDATE batches SET answer = json_set(json_remove(answer, '$.digest'), '$.bytes', ?)", bytes);
    await board.evict();
    expect(valueOf(await board.batch("b", items))).toEqual({ ...first, duplicate: true });
    expect(slugOf(await board.batch("b", [{ player: "ann", delta: 55 }]))).toBe("idempotency-mismatch");
    await board.rows("UPDATE batches SET answer = json_remove(answer, '$.bytes')");
    expect(valueOf(await board.batch("b", items))).toEqual({ ...first, duplicate: true });
  });

  it("[LB36] of the same id is answered like the first time for 24 hours, also after an eviction, and does nothing twice", async () => {
    const board = await new TestBoard("batch-twice").configure({ operator: "sum", rules: [{ type: "max-score", max: 100 }] });
    const items = [
      { player: "ann", delta: 5 },
      { player: "bob", delta: 101 },
      { player: "cat", score: 1 },
      { player: "ann", delta: 7 },
    ];
    const first = valueOf(await board.batch("b1", items));
    vi.setSystemTime(START + 23 * HOUR_MS);
    await board.evict();
    expect(valueOf(await board.batch("b1", items))).toEqual({ ...first, duplicate: true });
    expect(await board.top()).toEqual(["ann:12"]);
    // Another sender's batch of that id is another batch.
    const bytes = new TextEncoder().encode(JSON.stringify({ batchId: "b1", items }));
    expect(valueOf(await board.rpc.submitBatch(bytes, { ...meta, actor: "key:2" })).duplicate).toBe(false);
    vi.setSystemTime(START + 24 * HOUR_MS);
    expect(valueOf(await board.batch("b1", items)).duplicate).toBe(false);
    await board.passes(50 * HOUR_MS);
    expect(await board.rows("SELECT count(*) AS n FROM batches")).toEqual([{ n: 0 }]);
  });

  it("[LB36] is one transaction, and its scores see each other", async () => {
    const board = await new TestBoard("batch-whole").configure({ operator: "sum" });
    await board.rows("SELECT 1");
    await board.rows("CREATE TRIGGER broken BEFORE INSERT ON submissions WHEN NEW.player = 'bad' BEGIN SELECT RAISE(ABORT, 'broken'); END");
    const items = [
      { player: "ann", delta: 1 },
      { player: "bad", delta: 1 },
    ];
    await expect((async () => await board.batch("b1", items))()).rejects.toThrow("broken");
    expect(await board.filled()).toEqual({ board: 1 });
    await board.rows("DROP TRIGGER broken");
    expect(valueOf(await board.batch("b1", [...items, { player: "ann", delta: 2 }]))).toMatchObject({ duplicate: false, accepted: 3 });
    expect(await board.top()).toEqual(["ann:3", "bad:1"]);
  });

  it("[LB143] reads the rows of all its players at once, and anew what one of its scores has written", async () => {
    const board = await new TestBoard("batch-ahead").configure({ windows: ["all", "daily"] });
    await board.submit("ann", 1, { name: "Ann" });
    const distinct = Array.from({ length: 50 }, (_, n) => ({ player: `p${n}`, score: n }));
    const statements = await board.watched(async () => valueOf(await board.batch("b1", [{ player: "ann", score: 3 }, ...distinct])));
    const asked = (what: string) => statements.filter(({ query }) => query.includes(what)).length;
    expect([asked("FROM players WHERE player = ?"), asked("FROM entries WHERE set_id = ? AND player = ?")]).toEqual([0, 0]);
    expect([asked("FROM players WHERE player IN"), asked("FROM entries WHERE set_id = ? AND player IN")]).toEqual([1, 2]);
    valueOf(
      await board.batch(
        "b2",
        [5, 9, 7, 1].map((score) => ({ player: "ann", score })),
      ),
    );
    expect(await board.ask("stats", { player: "ann", trusted: true })).toMatchObject({ name: "Ann", runs: 6, total: 26, best: 9 });
    expect((await board.top("daily"))[50 - 10]).toBe("ann:9");
    expect((await board.ask("stats", { player: "p7", trusted: true })).runs).toBe(1);
    // Nothing of it outlives the batch.
    await board.rpc.erasePlayer("ann", meta);
    valueOf(await board.batch("b3", [{ player: "ann", score: 2 }]));
    expect(await board.ask("stats", { player: "ann", trusted: true })).toMatchObject({ name: null, runs: 1, total: 2 });
  });

  it("[LB36] that is none is refused as a whole, and of a board that is not there", async () => {
    const board = await new TestBoard("batch-none").configure();
    expect(slugOf(await board.batch("", [{ player: "a", score: 1 }]))).toBe("invalid-body");
    expect(slugOf(await board.batch("b", []))).toBe("invalid-body");
    const tooMany = Array.from({ length: LEADERBOARD_LIMITS.batchItems + 1 }, () => 0);
    expect(slugOf(await board.batch("b", tooMany))).toBe("payload-too-large");
    expect(slugOf(await new TestBoard("batch-no-board").batch("b", [{ player: "a", score: 1 }]))).toBe("not-found");
  });
});
