import { expect, it } from "vitest";
import { standStillAt, START, TestBoard } from "./board-testing.ts";
import { decide, flagged, RULES } from "./review-testing.ts";

standStillAt();

const DAY_MS = 86_400_000;

it("[LB87] a player's figures are over all windows, with the latest runs first", async () => {
  const board = await new TestBoard("stats").configure({ decimals: 2, windows: ["daily"] });
  await board.submit("ann", 10.25, { name: "Ann" });
  await board.passes(DAY_MS);
  const second = await board.submit("ann", 20.5, { durationMs: 1_000 });
  expect(await board.ask("stats", { player: "ann", trusted: true })).toEqual({
    player: "ann",
    name: "Ann",
    state: "active",
    suspendedUntil: null,
    runs: 2,
    total: 30.75,
    mean: 15.375,
    best: 20.5,
    streakDays: 2,
    firstSeenAt: new Date(START).toISOString(),
    lastSeenAt: new Date(START + DAY_MS).toISOString(),
    recent: [
      {
        submissionId: second.submissionId,
        player: "ann",
        name: "Ann",
        score: 20.5,
        verdict: "accepted",
        reasons: [],
        durationMs: 1_000,
        at: new Date(START + DAY_MS).toISOString(),
        removed: false,
      },
      expect.objectContaining({ score: 10.25 }),
    ],
  });
});

it("[LB87] whoever is not trusted sees runs that count, and nothing of what rules and reviewers thought", async () => {
  const board = await new TestBoard("untrusted").configure({ rules: [...RULES, { type: "interval", minMs: 1 }] });
  await flagged(board, "cy", 100);
  await board.passes(1);
  await board.submit("cy", 5_000);
  expect((await board.rpc.submit({ player: "cy", score: 1 }, "service", { requestId: "r", actor: "a", actorName: "a" })).ok).toBe(false);
  const trusted = await board.ask("stats", { player: "cy", trusted: true });
  expect(trusted.recent.map(({ verdict }) => verdict)).toEqual(["rejected", "quarantined", "flagged"]);
  await decide(board, "cy", "ban");
  expect((await board.ask("stats", { player: "cy", trusted: true })).state).toBe("banned");
  const seen = await board.ask("stats", { player: "cy", trusted: false });
  expect(seen).toMatchObject({ state: "active", suspendedUntil: null, recent: [{ score: 100, verdict: "accepted", reasons: [] }] });
  expect(seen.recent).toHaveLength(1);
});

it("[LB87] somebody who never scored has zeros, and asking writes nothing", async () => {
  const board = await new TestBoard("nobody").configure();
  const seen = await board.watched(async () => {
    expect(await board.ask("stats", { player: "x", trusted: true })).toEqual({
      player: "x",
      name: null,
      state: "active",
      suspendedUntil: null,
      runs: 0,
      total: 0,
      mean: null,
      best: null,
      streakDays: 0,
      firstSeenAt: null,
      lastSeenAt: null,
      recent: [],
    });
  });
  expect(seen.reduce((sum, { rows }) => sum + rows, 0)).toBe(0);
});

it("[LB87] at most twenty runs are shown", async () => {
  const board = await new TestBoard("many-runs").configure();
  await board.batch(
    "b",
    Array.from({ length: 25 }, (_, i) => ({ player: "ann", score: i })),
  );
  const { recent, runs } = await board.ask("stats", { player: "ann", trusted: true });
  expect([runs, recent.length, recent[0]?.score]).toEqual([25, 20, 24]);
});

it("[LB137] the feed shows the scores that count, however many that do not come after them", async () => {
  const board = await new TestBoard("feed").configure({ windows: ["all"], rules: [...RULES, { type: "interval", minMs: 1_000 }] });
  await board.submit("ann", 10);
  const late = { player: "eve", score: 1 };
  for (let n = 0; n < 2; n++)
    await board.batch(
      `b${n}`,
      Array.from({ length: 1_000 }, () => late),
    );
  const shown = async (limit: number) => (await board.ask("feed", { limit })).items.map(({ player, verdict }) => `${player} ${verdict}`);
  expect(await shown(100)).toEqual(["eve accepted", "ann accepted"]);
  expect(await shown(1)).toEqual(["eve accepted"]);
  await flagged(board, "fay", 900);
  await board.submit("gus", 5_000);
  await board.imports("i", [{ player: "hal", score: 7, occurredAt: new Date(START - 1_000).toISOString() }]);
  expect(await shown(2)).toEqual(["fay flagged", "eve accepted"]);
  await decide(board, "fay", "ban");
  expect(await shown(2)).toEqual(["eve accepted", "ann accepted"]);
});
