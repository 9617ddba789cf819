import { describe, expect, it } from "vitest";
import { LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import type { BoardApplied, BoardDocument, BoardView } from "../../contract/leaderboards.ts";
import { ask } from "../control/testing.ts";
import { type BoardTenant, fine, refusal, seedBoards } from "../../tests/workers/leaderboards-testing.ts";

const path = "/v1/leaderboard-document";
const observe = async ({ key }: BoardTenant) => await fine<BoardDocument>(await ask(path, { key }));
const apply = async ({ key }: BoardTenant, document: object, prune = false, headers = {}) =>
  await ask(`${path}/apply`, { key, body: { document, prune }, headers });
const changed = async (response: Response) => {
  const { changes, left } = await fine<BoardApplied>(response);
  return [changes.filter(({ change }) => change !== "same").map(({ what, name, change }) => `${what} ${name} ${change}`), left];
};

const DOCUMENT = {
  modes: { quick: { operator: "latest", windows: ["all", "daily"] } },
  boards: {
    arena: { mode: "quick", title: "Arena" },
    marathon: { order: "asc", decimals: 3, partitions: [{ key: "region", values: ["eu", "us"] }] },
  },
};

describe("the document of boards and modes", () => {
  it("[LB49] is applied once; what was observed changes nothing, on another tenant neither", async () => {
    const [tenant, other] = [await seedBoards(), await seedBoards()];
    // One Idempotency-Key for all of it: each change is one of its own all the same.
    const first = await apply(tenant, DOCUMENT, false, { "idempotency-key": "all" });
    expect(await changed(first)).toEqual([["mode quick created", "board arena created", "board marathon created"], 0]);
    expect(await changed(await apply(tenant, DOCUMENT))).toEqual([[], 0]);
    const arena = await fine<BoardView>(await tenant.at("/arena"));
    expect(arena).toMatchObject({
      mode: "quick",
      state: "live",
      config: { operator: "latest", title: "Arena", windows: ["all", "daily"] },
    });

    const seen = await observe(tenant);
    expect(Object.keys(seen.modes)).toEqual(["capture-the-flag", "deathmatch", "quick", "raid"]);
    expect(await changed(await apply(tenant, seen, true))).toEqual([[], 0]);
    await changed(await apply(other, seen, true));
    expect(await observe(other)).toEqual(seen);
  });

  it("[LB49] changes what differs, prunes what it does not name when told to, and removes what it names", async () => {
    const tenant = await seedBoards();
    await apply(tenant, DOCUMENT);
    const next = { modes: {}, boards: { arena: { title: "New" } } };
    expect(await changed(await apply(tenant, next))).toEqual([["board arena changed"], 0]);
    const arena = await fine<BoardView>(await tenant.at("/arena"));
    expect(arena).toMatchObject({ mode: null, config: { title: "New", operator: "best" } });
    const [pruned] = await changed(await apply(tenant, next, true));
    expect(pruned).toEqual([
      "board marathon removed",
      ...["capture-the-flag", "deathmatch", "quick", "raid"].map((mode) => `mode ${mode} removed`),
    ]);
    expect(await observe(tenant)).toMatchObject({ modes: {}, boards: { arena: {} } });
    const remove = async () => await ask(`${path}/remove`, { key: tenant.key, body: { document: DOCUMENT } });
    expect(await changed(await remove())).toEqual([["board arena removed"], 0]);
    expect(await changed(await remove())).toEqual([[], 0]);
    expect(await observe(tenant)).toEqual({ modes: {}, boards: {} });
  });

  it("[LB136] takes no mode from what every object has: a board of mode `constructor` is refused before the first change", async () => {
    const tenant = await seedBoards();
    const refused = await apply(tenant, { modes: { fine: {} }, boards: { a: {}, b: { mode: "constructor" } } });
    expect(await refused.json()).toMatchObject({ status: 400, errors: [{ pointer: "/document/boards/b/mode" }] });
    const { modes, boards } = await observe(tenant);
    expect([Object.keys(modes).includes("fine"), boards]).toEqual([false, {}]);
    const both = { modes: { constructor: { title: "C" } }, boards: { b: { mode: "constructor" } } };
    expect(await changed(await apply(tenant, both))).toEqual([["mode constructor created", "board b created"], 0]);
  });

  it("[LB49] is checked as a whole before the first change; errors point into it", async () => {
    const tenant = await seedBoards();
    const errors = async (document: object) => {
      const refused = await apply(tenant, { ...document, modes: { fine: {} } });
      return (await refused.json<{ errors: { pointer: string }[] }>()).errors.map(({ pointer }) => pointer);
    };
    expect(await errors({ boards: { a: {}, b: { mode: "none" } } })).toEqual(["/document/boards/b/mode"]);
    expect(await errors({ boards: { a: {}, b: { decimals: 7 } } })).toEqual(["/document/boards/b/decimals"]);
    const many = [1, 2].map((n) => ({ key: `k${n}`, values: [`v${n}`] }));
    expect(await errors({ boards: { a: {}, b: { partitions: many } } })).toEqual(["/document/boards/b/partitions"]);
    expect(Object.keys((await observe(tenant)).modes)).not.toContain("fine");

    await tenant.board("fixed");
    await tenant.submit("fixed", "ann", 1);
    const refused = await apply(tenant, { boards: { fixed: { order: "asc" } } });
    expect(await refused.json()).toMatchObject({
      status: 409,
      type: "/problems/board-fixed",
      errors: [{ pointer: "/document/boards/fixed/order" }],
    });
  });

  it("[LB49] makes 50 changes a call and says how many are left", async () => {
    const tenant = await seedBoards();
    const modes = Object.fromEntries(Array.from({ length: LEADERBOARD_LIMITS.applied }, (_, n) => [`m${n}`, {}]));
    await fine(await apply(tenant, { modes }));
    const whole = await observe(tenant);
    expect(Object.keys(whole.modes)).toHaveLength(LEADERBOARD_LIMITS.applied + 3);
    const remove = async () => await fine<BoardApplied>(await ask(`${path}/remove`, { key: tenant.key, body: { document: whole } }));
    const first = await remove();
    expect([first.changes.length, first.left]).toEqual([LEADERBOARD_LIMITS.applied, 3]);
    const second = await remove();
    expect([second.changes.length, second.left]).toEqual([3, 0]);
    expect(await observe(tenant)).toEqual({ modes: {}, boards: {} });
    expect(await refusal(await apply(tenant, { boards: { "NOT AN ID": {} } }))).toEqual([400, "invalid-body"]);
  });
});
