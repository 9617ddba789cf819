import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import { meta, slugOf, standStillAt, START, TestBoard, valueOf } from "./board-testing.ts";

standStillAt();

const DAY_MS = 86_400_000;
const at = (ms: number) => new Date(START + ms).toISOString();
const lines = (count: number, player = (n: number) => `p${n}`) =>
  Array.from({ length: count }, (_, n) => ({ player: player(n), score: n, occurredAt: at(-DAY_MS) }));

describe("an import", () => {
  it("[LB37] loads history, also into closed windows, past rules and suspicion, and without events of scores", async () => {
    const board = await new TestBoard("import-history").configure({
      windows: ["all", "daily"],
      rules: [{ type: "max-score", max: 10 }, { type: "interval" }],
    });
    const events = await board.events(async () => {
      const reply = valueOf(await board.imports("i1", [...lines(150), { player: "p1", score: 500, occurredAt: at(-DAY_MS), name: "One" }]));
      expect(reply).toEqual({ duplicate: false, imported: 151, refused: 0, errors: [] });
      await board.passes(20_000);
    });
    expect(events.map(({ type }) => type).filter((type) => !type.startsWith("meridian.window."))).toEqual([]);
    expect((await board.top())[0]).toBe("p1:500");
    expect((await board.top("daily:2031-06-10")).length).toBe(100);
    expect(await board.top("daily")).toEqual([]);
    expect(await board.ask("stats", { player: "p1", trusted: true })).toMatchObject({ runs: 2, name: "One", lastSeenAt: at(-DAY_MS) });
  });

  it("[LB37] names refused lines by their number and takes the others", async () => {
    const board = await new TestBoard("import-errors").configure();
    const reply = valueOf(
      await board.imports("i1", [{ player: "a", score: 1 }, ...lines(1), { player: "b", delta: 1, occurredAt: at(0) }, 5]),
    );
    expect(reply).toMatchObject({ imported: 1, refused: 3, errors: [{ line: 1 }, { line: 3 }, { line: 4 }] });
  });

  it("[LB37] goes on where it was after a crash between two slices, and each line counts once", async () => {
    const board = await new TestBoard("import-crash").configure({
      operator: "sum",
      windows: ["all", "daily", "weekly", "monthly", "season"],
    });
    const perSlice = LEADERBOARD_LIMITS.sliceRows / 5;
    const all = Array.from({ length: 2 * perSlice + 10 }, (_, n) => ({ player: `p${n % 7}`, delta: 1, occurredAt: at(0) }));
    // The third slice cannot be written.
    await board.rows(
      `CREATE TRIGGER broken BEFORE INSERT ON submissions WHEN NEW.seq > ${2 * perSlice} BEGIN SELECT RAISE(ABORT, 'broken'); END`,
    );
    await expect((async () => await board.imports("i1", all))()).rejects.toThrow("broken");
    expect(await board.rows("SELECT line, imported, done FROM imports")).toEqual([{ line: 2 * perSlice, imported: 2 * perSlice, done: 0 }]);
    await board.rows("DROP TRIGGER broken");
    await board.evict();
    expect(slugOf(await board.imports("i1", all.slice(1)))).toBe("idempotency-mismatch");
    expect(valueOf(await board.imports("i1", all))).toEqual({ duplicate: false, imported: all.length, refused: 0, errors: [] });
    const { items } = await board.ask("top", { window: "all", limit: 10 });
    expect(items.reduce((sum, { score }) => sum + score, 0)).toBe(all.length);
  });

  it("[LB37] of the same id again does nothing and answers alike for 24 hours; while it runs it is refused", async () => {
    const board = await new TestBoard("import-twice").configure({ operator: "best" });
    const bytes = new TextEncoder().encode(
      lines(6_000)
        .map((line) => JSON.stringify(line))
        .join("\n"),
    );
    // Both from inside, so that the second begins while the first gives others a turn.
    const [one, twin] = await runInDurableObject(
      board.stub,
      async (object) => await Promise.all([object.importScores(bytes, "i1", meta), object.importScores(bytes, "i1", meta)]),
    );
    expect([slugOf(one), slugOf(twin)].toSorted()).toEqual(["in-progress", "ok"]);
    expect(valueOf(await board.imports("i1", lines(6_000)))).toEqual({ duplicate: true, imported: 6_000, refused: 0, errors: [] });
    expect(await board.rows("SELECT max(seq) AS n FROM submissions")).toEqual([{ n: 6_000 }]);
    vi.setSystemTime(START + DAY_MS);
    expect(valueOf(await board.imports("i1", lines(1))).duplicate).toBe(false);
  });

  it("[LB37] has at most 8 MiB", async () => {
    const board = await new TestBoard("import-size").configure();
    const full = new Uint8Array(LEADERBOARD_LIMITS.importBytes).fill(0x0a);
    expect(valueOf(await board.rpc.importScores(full, "i1", meta))).toMatchObject({ imported: 0, refused: 0 });
    const over = new Uint8Array(LEADERBOARD_LIMITS.importBytes + 1).fill(0x0a);
    expect(slugOf(await board.rpc.importScores(over, "i2", meta))).toBe("payload-too-large");
  });
});
