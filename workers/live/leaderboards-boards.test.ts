import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import type { BoardView, ModeView } from "../../contract/leaderboards.ts";
import type { Page } from "../../contract/pages.ts";
import { refuse } from "../../contract/problems.ts";
import { setOff } from "../consumers/set-off.ts";
import { auditOf } from "../control/subject-testing.ts";
import { ask, edgeEnv } from "../control/testing.ts";
import { finishBoard, sweepBoards } from "./leaderboards-finish.ts";
import { unfinishedBoards } from "./leaderboards-store.ts";
import { type BoardTenant, fine, refusal, seedBoards, withBoards } from "../../tests/workers/leaderboards-testing.ts";

const unreachable = async () => await Promise.reject(new Error("the object cannot be reached"));
const later = () => Date.now() + 60_000;

async function outboxOf({ tenantId }: BoardTenant): Promise<number | null> {
  return await env.DB.prepare("SELECT count(*) AS n FROM control_outbox WHERE tenant_id = ?").bind(tenantId).first<number>("n");
}
const stateOf = async (tenant: BoardTenant, board: string) => (await fine<BoardView>(await tenant.at(`/${board}`))).state;
const actions = async (tenant: BoardTenant) => (await auditOf(tenant)).map(({ action, outcome }) => `${action} ${outcome}`).toReversed();

describe("creating a board", () => {
  it("[LB45] writes its row, its outbox row and its audit entries, tells its object, and answers with the whole", async () => {
    const tenant = await seedBoards();
    const view = await tenant.board("arena", { title: "Arena", windows: ["all", "daily"] });
    expect(view).toMatchObject({ board: "arena", mode: null, state: "live", config: { order: "desc", windows: ["all", "daily"] } });
    expect(await fine<BoardView>(await tenant.at("/arena"))).toEqual(view);
    expect((await fine<Page<BoardView>>(await tenant.at(""))).items).toEqual([view]);
    expect((await tenant.submit("arena", "ann", 5)).windows).toHaveLength(2);
    expect(await outboxOf(tenant)).toBe(0);
    expect(await actions(tenant)).toEqual(expect.arrayContaining(["leaderboard.create intent", "leaderboard.create done"]));
  });

  it("[LB45] that ended before its object was told is finished by its event, and by the sweep", async () => {
    const tenant = await seedBoards();
    const cut = withBoards({ configure: unreachable });
    for (const board of ["by-event", "by-sweep"]) {
      const created = await tenant.at("", { body: { board }, env: cut });
      expect(await fine<BoardView>(created, 201)).toMatchObject({ state: "creating" });
      expect(await stateOf(tenant, board)).toBe("creating");
      expect(await refusal(await tenant.at(`/${board}/top`))).toEqual([404, "not-found"]);
    }
    const event = { v: 1, id: "e", tenantId: tenant.tenantId, source: "s", seq: 1, subject: "leaderboard/by-event", at: 0 } as const;
    await setOff(edgeEnv, { ...event, type: "meridian.leaderboard.created", data: { board: "by-event" } }, {} as never);
    expect([await stateOf(tenant, "by-event"), await stateOf(tenant, "by-sweep")]).toEqual(["live", "creating"]);
    await sweepBoards(edgeEnv, later());
    expect(await stateOf(tenant, "by-sweep")).toBe("live");
    for (const board of ["by-event", "by-sweep"]) expect((await tenant.at(`/${board}/top`)).status).toBe(200);
  });

  it("[LB45] that cannot be finished waits behind those that came later", async () => {
    const tenant = await seedBoards();
    const cut = withBoards({ configure: unreachable });
    for (const board of ["stuck", "next"]) await tenant.at("", { body: { board }, env: cut });
    await env.DB.prepare("UPDATE leaderboard_board SET updated_at = 1 WHERE tenant_id = ? AND board = 'stuck'").bind(tenant.tenantId).run();
    const line = async (at: number) => (await unfinishedBoards(env.DB, at, 100)).filter(({ tenantId }) => tenantId === tenant.tenantId);
    expect((await line(later())).map(({ board }) => board)).toEqual(["stuck", "next"]);
    await env.DB.prepare("UPDATE leaderboard_board SET updated_at = ? WHERE tenant_id = ? AND board = 'next'")
      .bind(later() - 5_000, tenant.tenantId)
      .run();
    await sweepBoards({ ...edgeEnv, ...cut }, later());
    expect((await line(later() + 60_000)).map(({ board }) => board)).toEqual(["next", "stuck"]);
  });

  it("[LB45] is refused for a name that is taken, and made once per Idempotency-Key", async () => {
    const tenant = await seedBoards();
    const headers = { "idempotency-key": "once" };
    const first = await fine<BoardView>(await tenant.at("", { body: { board: "arena" }, headers }), 201);
    expect(await fine<BoardView>(await tenant.at("", { body: { board: "arena" }, headers }), 201)).toEqual(first);
    expect(await refusal(await tenant.at("", { body: { board: "arena" } }))).toEqual([409, "conflict"]);
    const twins = await Promise.all([1, 2].map(async () => (await tenant.at("", { body: { board: "twin" } })).status));
    expect(twins.toSorted((a, b) => a - b)).toEqual([201, 409]);
  });

  it("[LB45] stops at 1,000 boards, and goes on when one is gone", async () => {
    const tenant = await seedBoards();
    await env.DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
       INSERT INTO leaderboard_board (tenant_id, board, config, version, state, created_at, updated_at)
       SELECT ?1, 'b' || i, ?3, 1, 'live', 1, 1 FROM n`,
    )
      .bind(tenant.tenantId, LEADERBOARD_LIMITS.boards - 1, JSON.stringify((await seedConfig(tenant)).config))
      .run();
    expect(await refusal(await tenant.at("", { body: { board: "one-more" } }))).toEqual([403, "quota-reached"]);
    expect((await tenant.at("/seed", { method: "DELETE" })).status).toBe(204);
    await tenant.board("one-more");
  });

  const seedConfig = async (tenant: BoardTenant) => await tenant.board("seed");
});

describe("changing a board", () => {
  it("[LB46] changes what is sent and leaves the rest, under the version that If-Match names", async () => {
    const tenant = await seedBoards();
    const before = await tenant.board("arena", { title: "Arena", order: "asc" });
    const patch = async (body: object, headers = {}) => await tenant.at("/arena", { method: "PATCH", body, headers });
    const changed = await fine<BoardView>(await patch({ title: "New" }, { "if-match": `"v${before.version}"` }));
    expect(changed).toMatchObject({ config: { ...before.config, title: "New" } });
    expect(changed.version).toBeGreaterThan(before.version);
    expect(await refusal(await patch({ title: "Late" }, { "if-match": `"v${before.version}"` }))).toEqual([412, "precondition-failed"]);
    const same = await patch({ title: "New" });
    expect(same.headers.get("etag")).toBe(`"v${changed.version}"`);
    expect(await fine<BoardView>(same)).toEqual(changed);
    expect((await actions(tenant)).filter((action) => action === "leaderboard.change done")).toHaveLength(1);
  });

  it("[LB46] is decided by the object: what scores have fixed stays, in the catalogue too", async () => {
    const tenant = await seedBoards();
    const before = await tenant.board("arena");
    await tenant.submit("arena", "ann", 5);
    const refused = await tenant.at("/arena", { method: "PATCH", body: { order: "asc", title: "Never" } });
    expect(await refused.json()).toMatchObject({ status: 409, type: "/problems/board-fixed", errors: [{ pointer: "/order" }] });
    expect(await fine<BoardView>(await tenant.at("/arena"))).toMatchObject({ config: before.config, version: before.version });
    expect(await actions(tenant)).toEqual(expect.arrayContaining(["leaderboard.change failed"]));
    await fine(await tenant.at("/arena", { method: "PATCH", body: { title: "Free" } }));
    expect(await outboxOf(tenant)).toBe(0);
  });

  it("[LB46] that ended after its object took it is finished by the sweep, once, under who began it", async () => {
    const tenant = await seedBoards();
    await tenant.board("arena");
    let told = 0;
    const cut = withBoards({
      configure: async (definition, meta) => {
        await edgeEnv.LEADERBOARDS.getByName(`${tenant.tenantId}/leaderboard/arena`).configure(definition, meta);
        told++;
        throw new Error("the process ended here");
      },
    });
    expect((await tenant.at("/arena", { method: "PATCH", body: { title: "Half" }, env: cut })).status).toBe(500);
    expect(told).toBe(1);
    expect((await fine<BoardView>(await tenant.at("/arena"))).config.title).toBe("arena");
    expect(await refusal(await tenant.at("/arena", { method: "PATCH", body: { title: "Other" } }))).toEqual([409, "conflict"]);
    await sweepBoards(edgeEnv, later());
    await sweepBoards(edgeEnv, later());
    expect((await fine<BoardView>(await tenant.at("/arena"))).config.title).toBe("Half");
    const done = (await auditOf(tenant)).filter(({ action, outcome }) => action === "leaderboard.change" && outcome === "done");
    expect(done.map(({ actor }) => actor)).toEqual([expect.stringMatching(/^key:/)]);
    expect((await fine<BoardView>(await tenant.at("/arena", { method: "PATCH", body: { title: "Other" } }))).config.title).toBe("Other");
  });

  it("[LB46] that the object refuses after its request ended is dropped", async () => {
    const tenant = await seedBoards();
    const { tenantId } = tenant;
    await tenant.board("arena");
    const cut = withBoards({ configure: unreachable });
    expect((await tenant.at("/arena", { method: "PATCH", body: { order: "asc" }, env: cut })).status).toBe(500);
    await tenant.submit("arena", "ann", 5);
    const row = await finishBoard(edgeEnv, tenantId, "arena", later());
    expect(row).toMatchObject({ pending: null, config: { order: "desc" } });
  });
});

describe("deleting a board", () => {
  it("[LB47] ends it for everybody at once; its name is free when nothing is left, and nothing comes back [LB6]", async () => {
    const tenant = await seedBoards();
    await tenant.board("arena");
    await tenant.submit("arena", "ann", 5);
    expect((await tenant.at("/arena", { method: "DELETE" })).status).toBe(204);
    for (const path of ["/arena", "/arena/top", "/arena/players/ann"]) expect((await tenant.at(path)).status).toBe(404);
    expect((await tenant.at("/arena", { method: "DELETE" })).status).toBe(404);
    const again = await tenant.board("arena", { order: "asc" });
    expect(again.state).toBe("live");
    expect(again.config.order).toBe("asc");
    expect(await fine(await tenant.at("/arena/players/ann"))).toMatchObject({ rank: null, total: 0 });
  });

  it("[LB47] goes on by the sweep where its object could not be reached, and keeps the name until then", async () => {
    const tenant = await seedBoards();
    await tenant.board("arena");
    expect((await tenant.at("/arena", { method: "DELETE", env: withBoards({ remove: unreachable }) })).status).toBe(204);
    expect(await stateOf(tenant, "arena")).toBe("deleting");
    const still = withBoards({ remove: async () => refuse("unavailable", "later") });
    expect(await refusal(await tenant.at("", { body: { board: "arena" }, env: still }))).toEqual([409, "conflict"]);
    expect(await refusal(await tenant.at("/arena", { method: "PATCH", body: { title: "x" } }))).toEqual([404, "not-found"]);
    await sweepBoards(edgeEnv, later());
    expect((await tenant.at("/arena")).status).toBe(404);
  });
});

describe("modes", () => {
  const modes = async (tenant: BoardTenant, name = "", how = {}) => await ask(`/v1/leaderboard-modes${name}`, { key: tenant.key, ...how });
  const names = async (tenant: BoardTenant) => (await fine<Page<ModeView>>(await modes(tenant))).items.map(({ mode }) => mode);

  it("[LB48] give what a board leaves out; three are there from the start, to be replaced or deleted", async () => {
    const tenant = await seedBoards();
    expect(await names(tenant)).toEqual(["capture-the-flag", "deathmatch", "raid"]);
    const raid = await tenant.board("ours", { mode: "raid", decimals: 2 });
    expect(raid).toMatchObject({ mode: "raid", config: { title: "Raid", operator: "sum", decimals: 2 } });
    expect(raid.config.rules).toHaveLength(3);

    const put = await fine<ModeView>(await modes(tenant, "/raid", { method: "PUT", body: { title: "Ours", operator: "latest" } }));
    expect(put).toEqual({ mode: "raid", defaults: { title: "Ours", operator: "latest" }, seeded: false });
    expect((await tenant.board("newer", { mode: "raid" })).config).toMatchObject({ title: "Ours", operator: "latest", rules: [] });
    expect((await fine<BoardView>(await tenant.at("/ours"))).config).toEqual(raid.config);

    expect((await modes(tenant, "/raid", { method: "DELETE" })).status).toBe(204);
    expect(await names(tenant)).toEqual(["capture-the-flag", "deathmatch"]);
    expect((await modes(tenant, "/raid", { method: "DELETE" })).status).toBe(404);
    const refused = await tenant.at("", { body: { board: "none", mode: "raid" } });
    expect(await refused.json()).toMatchObject({ status: 400, errors: [{ pointer: "/mode" }] });
    expect(await fine<ModeView>(await modes(tenant, "/raid", { method: "PUT", body: {} }))).toMatchObject({ defaults: {} });
  });

  it("[LB48] are 50 at most, and none of which no board could be made", async () => {
    const tenant = await seedBoards();
    await env.DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
       INSERT INTO leaderboard_mode (tenant_id, mode, defaults, updated_at) SELECT ?1, 'm' || i, '{}', 1 FROM n`,
    )
      .bind(tenant.tenantId, LEADERBOARD_LIMITS.modes - 1)
      .run();
    expect((await modes(tenant, "/last", { method: "PUT", body: {} })).status).toBe(200);
    expect(await refusal(await modes(tenant, "/one-more", { method: "PUT", body: {} }))).toEqual([403, "quota-reached"]);
    expect((await modes(tenant, "/last", { method: "PUT", body: { title: "Changed" } })).status).toBe(200);
    const partitions = [1, 2].map((n) => ({ key: `k${n}`, values: [`v${n}`] }));
    expect(await refusal(await modes(tenant, "/m1", { method: "PUT", body: { partitions } }))).toEqual([422, "too-many-windows"]);
  });

  it("[LB48] and boards of one tenant are not another's", async () => {
    const [ours, theirs] = [await seedBoards(), await seedBoards()];
    await ours.board("arena");
    await fine(await modes(ours, "/mine", { method: "PUT", body: {} }));
    expect((await theirs.at("/arena")).status).toBe(404);
    expect((await modes(theirs, "/mine")).status).toBe(404);
    await theirs.board("arena", { order: "asc" });
    expect((await fine<BoardView>(await ours.at("/arena"))).config.order).toBe("desc");
  });
});
