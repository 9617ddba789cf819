import { expect, it } from "vitest";
import { LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import { Meridian } from "../../sdk/client.ts";
import { everyItem } from "../../sdk/pages.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BOARD = "days";
const PLAYERS = 12;
/** How long before a day closes the server of the next day starts: less than that is play, and the rest is waited for. */
const BEFORE_CLOSING_MS = 15_000;

const clientOf = ({ url, demo }: TestServer): Meridian => new Meridian({ url, key: demo.apiKey });

/** What the history says of the board's windows, oldest first. */
async function told(client: Meridian): Promise<{ type: string; data: Record<string, unknown> }[]> {
  const events: { type: string; data: Record<string, unknown> }[] = [];
  for (const type of ["meridian.window.closed", "meridian.reward.granted", "meridian.window.archived"] as const)
    for await (const event of everyItem(async (page) => await client.events.list({ type, subject: `leaderboard/${BOARD}`, ...page })))
      events.push(event);
  return events;
}

it("[LB123] with --clock-offset a day closes, gives its rewards and is archived by itself, once, over a restart", async () => {
  const midnight = Math.ceil(Date.now() / DAY_MS) * DAY_MS + DAY_MS;
  const day = `daily:${new Date(midnight - HOUR_MS).toISOString().slice(0, 10)}`;
  /** @param at what the server's clock says when it starts */
  const startAt = async (at: number, state?: string): Promise<TestServer> =>
    await startTestServer({ args: ["--clock-offset", String(at - Date.now())], ...(state === undefined ? {} : { state }) });

  const evening = await startAt(midnight - 4 * HOUR_MS);
  try {
    const client = clientOf(evening);
    const rewards = [
      { window: "daily", reward: "gold", ranks: { from: 1, to: 1 } },
      { window: "daily", reward: "best-half", topPercent: 50 },
    ] as const;
    await client.leaderboards.document.apply({
      boards: { [BOARD]: { title: "Days", windows: ["all", "daily"], rewards: [...rewards] } },
    });
    const items = Array.from({ length: PLAYERS }, (_, n) => ({ player: `p${n}`, score: 100 - n }));
    expect(await client.leaderboards.submitBatch(BOARD, { batchId: "evening", items })).toMatchObject({ accepted: PLAYERS });
    const { items: windows } = await client.leaderboards.windows(BOARD);
    expect(windows.find(({ window }) => window === day)).toMatchObject({ state: "open", total: PLAYERS });
    await evening.stop();

    const night = await startAt(midnight + LEADERBOARD_LIMITS.graceMs - BEFORE_CLOSING_MS, evening.state);
    try {
      const late = clientOf(night);
      // Somebody plays on; nobody asks for the day before.
      await late.leaderboards.submit(BOARD, { player: "p11", score: 1_000 });
      await expect
        .poll(async () => (await told(late)).some(({ type }) => type === "meridian.window.archived"), { timeout: 120_000, interval: 1_000 })
        .toBe(true);
    } finally {
      await night.stop();
    }

    const morning = await startAt(midnight + 8 * HOUR_MS, evening.state);
    try {
      const last = clientOf(morning);
      await last.leaderboards.submit(BOARD, { player: "p10", score: 2_000 });
      const { items: after } = await last.leaderboards.windows(BOARD);
      expect(after.find(({ window }) => window === day)).toMatchObject({ state: "archived", rankable: true, total: PLAYERS });
      const { items: given } = await last.leaderboards.rewards(BOARD, day, { limit: 100 });
      expect(given.map(({ player, reward, rank }) => `${reward} ${player} ${rank}`).toSorted()).toEqual([
        ...Array.from({ length: PLAYERS / 2 }, (_, n) => `best-half p${n} ${n + 1}`),
        "gold p0 1",
      ]);
      const { items: archives } = await last.leaderboards.archive(BOARD, day);
      expect(archives).toMatchObject([{ window: day, partition: null, objects: 1, entries: PLAYERS }]);
      expect(archives[0]?.crc32).toMatch(/^[0-9a-f]{8}$/);
      const events = await told(last);
      const lines = events.map(({ type, data }) => [type, data["window"], data["reward"] ?? data["players"] ?? data["entries"]].join(" "));
      expect(lines.toSorted()).toEqual([
        `meridian.reward.granted ${day} best-half`,
        `meridian.reward.granted ${day} gold`,
        `meridian.window.archived ${day} ${PLAYERS}`,
        `meridian.window.closed ${day} ${PLAYERS}`,
      ]);
    } finally {
      await morning.stop();
    }
  } finally {
    await evening.stop();
    removeState(evening);
  }
});
