import { describe, expect, it, vi } from "vitest";
import { meta, slugOf, standStillAt, START, TestBoard, valueOf } from "./board-testing.ts";

standStillAt();

const at = (ms: number) => new Date(START + ms).toISOString();
const DAY_MS = 86_400_000;

describe("the answer", () => {
  it("[LB30] says rank, previous rank, total and percentile in each window, of the entry as it stands", async () => {
    const board = await new TestBoard("answers").configure({ windows: ["all", "daily"] });
    const first = await board.submit("ann", 10);
    expect(first.windows.map(({ previousRank, rank, total }) => [previousRank, rank, total])).toEqual([
      [null, 1, 1],
      [null, 1, 1],
    ]);
    await board.submit("bob", 20);
    const reply = await board.submit("ann", 30);
    expect(reply).toMatchObject({ verdict: "accepted", reasons: [] });
    const own = { partition: null, score: 30, subscore: null, rank: 1, previousRank: 2, total: 2, percentile: 100, exactness: "exact" };
    expect(reply.windows).toEqual([
      { window: "all", ...own, asOf: at(0) },
      { window: "daily:2031-06-11", ...own, asOf: at(0) },
    ]);
    const worse = await board.submit("ann", 5);
    expect(worse.windows[0]).toMatchObject({ score: 30, rank: 1, previousRank: 1 });
  });

  it("[LB30] enters each window once for all, and once for each partition that the score names", async () => {
    const partitions = [
      { key: "region", values: ["eu", "us"] },
      { key: "device", values: ["phone"] },
    ];
    const board = await new TestBoard("partitions").configure({ windows: ["all", "monthly"], partitions });
    const reply = await board.submit("ann", 1, { partition: ["eu", "phone"] });
    expect(reply.windows.map(({ window, partition }) => `${window} ${partition ?? "-"}`)).toEqual([
      "all -",
      "all eu",
      "all phone",
      "monthly:2031-06 -",
      "monthly:2031-06 eu",
      "monthly:2031-06 phone",
    ]);
    expect(await board.top("all", "us")).toEqual([]);
    for (const partition of ["mars", ["eu", "us"]])
      expect(slugOf(await board.rpc.submit({ player: "ann", score: 2, partition }, "service", meta))).toBe("invalid-body");
  });

  it("[LB42] repeats the answer for the same Idempotency-Key, and does nothing twice", async () => {
    const board = await new TestBoard("keys").configure({ operator: "sum" });
    const keyed = { ...meta, idempotency: { key: "k1", route: "POST scores", bodyHash: "h" } };
    const [first, again] = [
      await board.rpc.submit({ player: "ann", delta: 5 }, "service", keyed),
      await board.rpc.submit({ player: "ann", delta: 5 }, "service", keyed),
    ];
    expect(again).toEqual(first);
    expect(Object.keys(valueOf(first)).toSorted()).toEqual(["reasons", "submissionId", "verdict", "windows"]);
    expect(await board.top()).toEqual(["ann:5"]);
  });
});

describe("operators", () => {
  it("[LB31] best keeps the better score, whichever way is better; a worse one counts as a run", async () => {
    for (const [order, best] of [
      ["desc", 9],
      ["asc", 3],
    ] as const) {
      const board = await new TestBoard(`best-${order}`).configure({ order });
      for (const score of [5, 3, 9, 4]) await board.submit("ann", score);
      expect(await board.top()).toEqual([`ann:${best}`]);
      expect(await board.ask("stats", { player: "ann", trusted: true })).toMatchObject({ runs: 4, total: 21, best });
    }
  });

  it("[LB31] an equal score keeps the earlier time; a better subscore moves", async () => {
    const board = await new TestBoard("ties").configure({ subscore: "asc" });
    await board.submit("ann", 5, { subscore: 7 });
    vi.setSystemTime(START + 1_000);
    await board.submit("bob", 5, { subscore: 7 });
    await board.submit("ann", 5, { subscore: 7 });
    expect((await board.ask("top", { window: "all", limit: 2 })).items.map(({ player, at: reached }) => [player, reached])).toEqual([
      ["ann", at(0)],
      ["bob", at(1_000)],
    ]);
    await board.submit("bob", 5, { subscore: 6 });
    expect(await board.top()).toEqual(["bob:5", "ann:5"]);
  });

  it("[LB31] latest keeps the newest by its time; one that comes too late changes nothing", async () => {
    const board = await new TestBoard("latest").configure({ operator: "latest" });
    await board.submit("ann", 50, { occurredAt: at(-1_000) });
    await board.submit("ann", 20);
    await board.submit("ann", 90, { occurredAt: at(-500) });
    expect(await board.top()).toEqual(["ann:20"]);
  });

  it("[LB3] a sum adds deltas; adding 0 changes nothing, a first 0 makes one entry", async () => {
    const board = await new TestBoard("sums").configure({ operator: "sum", decimals: 1 });
    await board.add("ann", 0);
    expect(await board.top()).toEqual(["ann:0"]);
    await board.add("ann", 2.5);
    await board.add("ann", -1);
    const { version } = await board.ask("top", { window: "all", limit: 1 });
    vi.setSystemTime(START + 1_000);
    await board.add("ann", 0);
    const { items, version: after, total } = await board.ask("top", { window: "all", limit: 1 });
    expect([items, after, total]).toEqual([[expect.objectContaining({ score: 1.5, at: at(0) })], version, 1]);
  });

  it("[LB31] takes a score where it keeps scores and a delta where it adds, a subscore where it has one", async () => {
    const keeps = await new TestBoard("takes-scores").configure();
    const adds = await new TestBoard("takes-deltas").configure({ operator: "sum" });
    for (const [board, input] of [
      [keeps, { player: "a", delta: 1 }],
      [adds, { player: "a", score: 1 }],
      [keeps, { player: "a", score: 1, subscore: 1 }],
    ] as const)
      expect(await board.rpc.submit(input, "service", meta)).toMatchObject({ ok: false, problem: { slug: "invalid-body" } });
    expect(await keeps.filled()).toEqual({ board: 1 });
  });
});

describe("what cannot be kept exactly", () => {
  it("[LB32] is refused before anything is written: not finite, or scaled beyond 2^53-1", async () => {
    const board = await new TestBoard("range").configure({ decimals: 2, subscore: "asc" });
    const max = Number.MAX_SAFE_INTEGER / 100;
    for (const input of [
      { player: "ann", score: max + 1 },
      { player: "ann", score: -max - 1 },
      { player: "ann", score: Number.POSITIVE_INFINITY },
      { player: "ann", score: 1, subscore: Number.NaN },
    ])
      expect(slugOf(await board.rpc.submit(input, "service", meta))).toBe("score-out-of-range");
    expect(await board.filled()).toEqual({ board: 1 });
    expect((await board.submit("ann", Math.floor(max))).verdict).toBe("accepted");
  });

  it("[LB32] is refused after a sum too, in the first ranking that it would leave, and nothing was written", async () => {
    const board = await new TestBoard("sum-range").configure({ operator: "sum", windows: ["all", "daily"] });
    await board.add("ann", Number.MAX_SAFE_INTEGER);
    vi.setSystemTime(START + DAY_MS);
    const before = await board.filled();
    const refused = await board.rpc.submit({ player: "ann", delta: 1 }, "service", meta);
    expect(slugOf(refused)).toBe("score-out-of-range");
    expect(await board.filled()).toEqual(before);
    // A new day's ranking alone could have held it.
    expect((await board.ask("windows", {})).items.find(({ window }) => window === "daily:2031-06-12")?.total ?? 0).toBe(0);
    await board.add("ann", -1);
    expect(await board.top()).toEqual([`ann:${Number.MAX_SAFE_INTEGER - 1}`]);
  });
});

describe("time", () => {
  it("[LB35] is the server's; a service may say when it happened, and no end user", async () => {
    const board = await new TestBoard("times").configure({ windows: ["daily"] });
    const late = await board.submit("ann", 1, { occurredAt: at(-60_000) });
    expect(late.windows[0]).toMatchObject({ window: "daily:2031-06-11" });
    expect((await board.ask("top", { window: "daily", limit: 1 })).items[0]?.at).toBe(at(-60_000));
    const said = { player: "bob", score: 1, occurredAt: at(-60_000) };
    expect(slugOf(await board.rpc.submit(said, "subject", meta))).toBe("invalid-body");
  });

  it("[LB35] of a clock that runs ahead by up to two minutes counts as now; further ahead, or before 1970, is refused", async () => {
    const board = await new TestBoard("ahead").configure({ windows: ["daily"] });
    await board.submit("ann", 1, { occurredAt: at(120_000) });
    expect((await board.ask("top", { window: "daily", limit: 1 })).items[0]?.at).toBe(at(0));
    for (const occurredAt of [at(120_001), "1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z"])
      expect(slugOf(await board.rpc.submit({ player: "ann", score: 1, occurredAt }, "service", meta))).toBe("invalid-body");
  });
});

it("[LB44] keeps a player's figures over all windows: runs, total, best, streak, first and last seen, the last name", async () => {
  const board = await new TestBoard("figures").configure({ timeZone: "Europe/Berlin" });
  await board.submit("ann", 4, { name: "Ann" });
  // 22:30 in Berlin of the same day, then 00:30 of the next one, and once more then.
  for (const hours of [10.5, 12.5, 12.75]) {
    vi.setSystemTime(START + (hours - 2) * 3_600_000);
    await board.submit("ann", hours, { name: "Änne" });
  }
  const stats = await board.ask("stats", { player: "ann", trusted: true });
  expect(stats).toMatchObject({ name: "Änne", runs: 4, best: 13, streakDays: 2, firstSeenAt: at(0), lastSeenAt: at(10.75 * 3_600_000) });
  vi.setSystemTime(START + 5 * DAY_MS);
  await board.submit("ann", 1);
  expect(await board.ask("stats", { player: "ann", trusted: true })).toMatchObject({ name: "Änne", runs: 5, streakDays: 1 });
  expect((await board.ask("search", { window: "all", q: "äNN", limit: 5 })).items.map(({ player }) => player)).toEqual(["ann"]);
});

it("[LB43] an undone change is forgotten in memory too", async () => {
  const board = await new TestBoard("undone").configure({ windows: ["all", "daily"] });
  await board.submit("ann", 1);
  await board.evict();
  await board.rows("CREATE TRIGGER broken BEFORE INSERT ON submissions WHEN NEW.player = 'bob' BEGIN SELECT RAISE(ABORT, 'broken'); END");
  await expect((async () => await board.rpc.submit({ player: "bob", score: 9 }, "service", meta))()).rejects.toThrow("broken");
  expect(await board.top()).toEqual(["ann:1"]);
  const { submissionId, windows } = await board.submit("cat", 5);
  expect([windows[0]?.total, Number.parseInt(submissionId.slice(-12), 16)]).toEqual([2, 2]);
});

it("[LB39] scores that come in at once are taken in their order, and one that fails undoes nothing of the others", async () => {
  const board = await new TestBoard("at-once").configure({ windows: ["all", "daily"] });
  await board.rows("CREATE TRIGGER broken BEFORE INSERT ON submissions WHEN NEW.player = 'p3' BEGIN SELECT RAISE(ABORT, 'broken'); END");
  const submit = async (n: number) => (await board.submit(`p${n}`, n)).submissionId;
  const answers = await Promise.allSettled(Array.from({ length: 8 }, (_, n) => submit(n)));
  const seqs = answers.map((answer) => (answer.status === "fulfilled" ? Number.parseInt(answer.value.slice(-12), 16) : null));
  expect(seqs).toEqual([1, 2, 3, null, 4, 5, 6, 7]);
  expect(await board.top("daily")).toEqual([7, 6, 5, 4, 2, 1, 0].map((n) => `p${n}:${n}`));
  expect((await board.submit("p4", 9)).windows[0]).toMatchObject({ rank: 1, previousRank: 4, total: 7 });
  const scores = ["p0", "p3", "p1"].map((player) => ({ input: { player, score: 20 }, by: "service", meta }) as const);
  expect((await board.rpc.submitMany(scores)).map(slugOf)).toEqual(["ok", "internal", "ok"]);
  const asked = ["p1", "p0", "p3"].map((player) => ({ question: "standing", ask: { window: "all", player, own: false } }) as const);
  expect((await board.rpc.askMany(asked)).map((answer) => valueOf(answer))).toMatchObject([{ rank: 2 }, { rank: 1 }, { rank: null }]);
});

it("[LB43] an evicted board goes on where it was", async () => {
  const board = await new TestBoard("evicted").configure({ windows: ["all", "weekly"] });
  for (let n = 0; n < 20; n++) await board.submit(`p${n}`, n);
  await board.evict();
  expect((await board.submit("p3", 19.6)).windows[0]).toMatchObject({ rank: 1, previousRank: 17, total: 20 });
});
