import { describe, expect, it } from "vitest";
import type { BoardView } from "../../contract/leaderboards.ts";
import { ask } from "../control/testing.ts";
import { type BoardTenant, fine, seedBoards } from "../../tests/workers/leaderboards-testing.ts";

const ODD = ["A\nnn", "\u001b[31mAnn", "Ann\u007f", "\u0085"];

/** Status, slug and place of a refusal. */
async function fault(response: Response): Promise<unknown[]> {
  const { type, errors } = await response.json<{ type: string; errors?: { pointer: string }[] }>();
  return [response.status, type.replace("/problems/", ""), errors?.map(({ pointer }) => pointer)];
}
const put = async ({ key }: BoardTenant, mode: string, body: object) =>
  await ask(`/v1/leaderboard-modes/${mode}`, { key, method: "PUT", body });

describe("names that lists show", () => {
  it("[LB160] of players have no control characters, alone and in a batch", async () => {
    const tenant = await seedBoards();
    await tenant.board("arena");
    for (const name of ODD) {
      const refused = await tenant.at("/arena/scores", { body: { player: "ann", name, score: 1 } });
      expect(await fault(refused)).toEqual([422, "invalid-name", ["/name"]]);
    }
    const items = [
      { player: "ann", name: "A\tnn", score: 1 },
      { player: "bob", name: "Böb 🎯", score: 2 },
    ];
    const batch = await fine<{ items: unknown[] }>(await tenant.at("/arena/score-batches", { body: { batchId: "b", items } }));
    expect(batch.items).toMatchObject([{ ok: false, type: "/problems/invalid-name" }, { ok: true }]);
    const top = await fine<{ items: { name: string }[] }>(await tenant.at("/arena/top"));
    expect(top.items.map(({ name }) => name)).toEqual(["Böb 🎯"]);
  });

  it("[LB160] of boards and modes have none either, wherever they are sent", async () => {
    const tenant = await seedBoards();
    await tenant.board("arena");
    for (const title of ODD) {
      expect(await fault(await tenant.at("", { body: { board: "new", title } }))).toEqual([422, "invalid-name", ["/title"]]);
      expect(await fault(await tenant.at("/arena", { method: "PATCH", body: { title } }))).toEqual([422, "invalid-name", ["/title"]]);
      expect(await fault(await put(tenant, "ours", { title }))).toEqual([422, "invalid-name", ["/title"]]);
    }
    const document = { boards: { arena: { title: "a\nb" } } };
    const applied = await ask("/v1/leaderboard-document/apply", { key: tenant.key, body: { document } });
    expect(await fault(applied)).toEqual([422, "invalid-name", ["/document/boards/arena/title"]]);
  });
});

describe("what windows go by", () => {
  it("[LB161] is a zone of the IANA database, whose clocks are changed, and no offset", async () => {
    const tenant = await seedBoards();
    for (const timeZone of ["+02:00", "-0530", "+02", "Mars/Phobos", ""])
      expect(await fault(await tenant.at("", { body: { board: "zone", timeZone } }))).toEqual([400, "invalid-body", ["/timeZone"]]);
    for (const [n, timeZone] of ["Europe/Berlin", "UTC", "Etc/GMT+2"].entries())
      expect((await tenant.board(`zone-${n}`, { timeZone })).config.timeZone).toBe(timeZone);
  });

  it("[LB162] is a window of the board, for each reward, named where it is not", async () => {
    const tenant = await seedBoards();
    const rewards = [
      { window: "daily", reward: "gold", ranks: { from: 1, to: 1 } },
      { window: "season", reward: "cup", topPercent: 1 },
    ];
    const refused = await tenant.at("", { body: { board: "arena", windows: ["all", "daily"], rewards } });
    expect(await refused.json()).toMatchObject({
      status: 400,
      errors: [{ pointer: "/rewards/1/window", detail: expect.stringContaining("no season window") }],
    });
    expect(await fault(await put(tenant, "ours", { windows: ["all"], rewards }))).toEqual([
      400,
      "invalid-body",
      ["/rewards/0/window", "/rewards/1/window"],
    ]);
    await tenant.board("arena", { windows: ["all", "daily", "season"], rewards });
    const patched = await tenant.at("/arena", { method: "PATCH", body: { windows: ["all", "season"] } });
    expect(await fault(patched)).toEqual([400, "invalid-body", ["/rewards/0/window"]]);
    const both = { windows: ["all", "season"], rewards: rewards.slice(1) };
    expect((await fine<BoardView>(await tenant.at("/arena", { method: "PATCH", body: both }))).config).toMatchObject(both);
  });
});
