import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WindowBoard } from "./windowing-testing.ts";

const NOON = Date.UTC(2031, 4, 14, 12); // a Wednesday
const MIDNIGHT = Date.UTC(2031, 4, 15);
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: NOON }));
afterEach(() => void vi.useRealTimers());

const slugOf = (outcome: { ok: boolean; problem?: { slug: string } }): string | undefined => outcome.problem?.slug;
const namesOf = (outcome: { ok: boolean; value?: readonly { window: string; partition: string | null }[] }): string[] =>
  (outcome.value ?? []).map(({ window, partition }) => (partition === null ? window : `${window}:${partition}`));

describe("windows of a board", () => {
  it("[LB60] open with their first score, one of each kind and once more for each partition, and are found by both names", async () => {
    const board = new WindowBoard("windows-open", {
      windows: ["all", "daily", "weekly", "monthly", "season"],
      partitions: [{ key: "region", values: ["eu", "us"] }],
    });
    await board.open(({ kit, parts: { windows }, windowing }) => {
      expect(windows.named("daily", undefined, NOON)).toBeUndefined();
      const entered = kit.transaction(() => windows.entering(NOON, ["eu"], NOON, "score"));
      expect(namesOf(entered).join(" ")).toBe(
        "all all:eu daily:2031-05-14 daily:2031-05-14:eu weekly:2031-W20 weekly:2031-W20:eu " +
          "monthly:2031-05 monthly:2031-05:eu season:2031-Q2 season:2031-Q2:eu",
      );
      expect(kit.transaction(() => windows.entering(NOON, ["eu"], NOON, "score"))).toEqual(entered);
      expect(windows.named("daily", "eu", NOON)).toEqual(windows.named("daily:2031-05-14", "eu", NOON + DAY_MS));
      expect(windows.named("daily", "us", NOON)).toBeUndefined();
      expect(windows.named("daily", undefined, NOON + DAY_MS)).toBeUndefined();
      expect(windows.entered(NOON, ["eu", "us"]).map(({ id }) => id)).toEqual(entered.ok ? entered.value.map(({ id }) => id) : []);
      expect(kit.timers.get("windows")).toBe(MIDNIGHT + 2 * MINUTE_MS);
      expect(windowing.desk.list(NOON)).toHaveLength(5);
    });
    expect(board.news.map((news) => news.type === "window" && news.state)).toEqual(Array.from({ length: 5 }, () => "opened"));
  });

  it("[LB60] refuse a partition that is unknown or of a key that was named already, and times of no window", async () => {
    const board = new WindowBoard("windows-refused", {
      windows: ["all"],
      partitions: [
        { key: "region", values: ["eu", "us"] },
        { key: "platform", values: ["pc"] },
      ],
    });
    await board.open(({ kit, parts: { windows } }) => {
      const enter = (at: number, partitions: string[]) => slugOf(kit.transaction(() => windows.entering(at, partitions, NOON, "score")));
      expect([enter(NOON, ["mars"]), enter(NOON, ["eu", "us"]), enter(-1, []), enter(NOON + 2 * MINUTE_MS + 1, [])]).toEqual(
        Array.from({ length: 4 }, () => "invalid-parameter"),
      );
      expect(windows.all()).toEqual([]);
      expect([enter(NOON, ["eu", "pc"]), enter(NOON + 2 * MINUTE_MS, []), enter(0, [])]).toEqual([undefined, undefined, undefined]);
    });
  });

  it("[LB10] take scores of their time for two minutes after their end, and not a millisecond longer", async () => {
    const board = new WindowBoard("windows-grace", { windows: ["all", "daily"] });
    await board.score("ada", 5, NOON);
    vi.setSystemTime(MIDNIGHT + 2 * MINUTE_MS - 1);
    expect(await board.score("ada", 7, MIDNIGHT - 1)).toEqual({ ok: true, value: null });
    await board.open(({ parts: { windows, sets }, windowing }) => {
      const day = windows.named("daily:2031-05-14", undefined, Date.now());
      expect(day && sets.find(day.id, "ada")?.inv).toBe(-7);
      expect(windowing.desk.list(Date.now()).map(({ window, state }) => `${window} ${state}`)).toEqual([
        "all open",
        "daily:2031-05-15 open",
        "daily:2031-05-14 grace",
      ]);
    });
    vi.setSystemTime(MIDNIGHT + 2 * MINUTE_MS);
    // The timer has not run: time alone closes a window.
    expect(slugOf(await board.score("ada", 9, MIDNIGHT - 1))).toBe("window-closed");
    expect(slugOf(await board.score("ada", 9, MIDNIGHT))).toBeUndefined();
    await board.open(({ parts: { windows, sets } }) => {
      const day = windows.named("daily:2031-05-14", undefined, Date.now());
      expect(day && sets.find(day.id, "ada")?.inv).toBe(-7);
    });
  });

  it("[LB64] an import enters what can still be ranked in, closed or not, and leaves out the rest", async () => {
    const board = new WindowBoard("windows-import", { windows: ["all", "daily", "monthly"] });
    await board.open(({ kit, parts: { windows } }) => {
      const enter = (at: number) => namesOf(kit.transaction(() => windows.entering(at, [], NOON, "import")));
      expect(enter(NOON - 3 * DAY_MS)).toEqual(["all", "daily:2031-05-11", "monthly:2031-05"]);
      expect(enter(NOON - 20 * DAY_MS)).toEqual(["all", "monthly:2031-04"]);
      expect(enter(0)).toEqual(["all"]);
      expect(windows.named("daily:2031-05-11", undefined, NOON)).toBeDefined();
    });
    expect(board.news).toEqual([]);
    const strict = new WindowBoard("windows-import-strict", { windows: ["daily"] });
    expect(slugOf(await strict.score("ada", 1, 0, { how: "import" }))).toBe("window-closed");
  });

  it("[LB60] what an undone transaction opened is not there, and nobody is told of it", async () => {
    const board = new WindowBoard("windows-undone", { windows: ["all", "daily"] });
    await board.open(async ({ kit, parts: { windows } }) => {
      const undone = () =>
        kit.transaction(() => {
          windows.entering(NOON, [], NOON, "score");
          throw new Error("no");
        });
      expect(undone).toThrow("no");
      await Promise.resolve();
      expect(windows.all()).toEqual([]);
    });
    expect(board.news).toEqual([]);
    await board.score("ada", 5, NOON);
    const before = await board.open(({ parts }) => parts.windows.all());
    await board.evict();
    expect(await board.open(({ parts }) => parts.windows.all())).toEqual(before);
    expect(before.map(({ id }) => id)).toEqual([1, 2]);
  });
});
