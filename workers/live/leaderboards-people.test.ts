import { env } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import type { Entries, Review, ReviewList, Standing, Submission, Top } from "../../contract/leaderboard-reads.ts";
import type { SubmitReply } from "../../contract/leaderboard-scores.ts";
import type { BoardView } from "../../contract/leaderboards.ts";
import { seedDoor } from "../control/subject-testing.ts";
import { ask, type Asked } from "../control/testing.ts";
import { clearIsolateCaches } from "../http/isolate-caches.ts";
import { type BoardTenant, fine, refusal, seedBoards } from "../../tests/workers/leaderboards-testing.ts";

const MAY = (name: string, ...actions: string[]) => [{ kind: "board", name, actions }];

let tenant: BoardTenant;
beforeAll(async () => {
  tenant = await seedBoards();
  await seedDoor({}, tenant);
  await tenant.board("arena", { rules: [{ type: "max-score", max: 1_000 }] });
});

const atDoor = async (path: string, how: Asked = {}) => await ask(`/p/${tenant.slug}/v1/leaderboards${path}`, how);

describe("an end user", () => {
  it("[LB50] submits and begins runs with a grant that names the board, as themselves and under their token's name", async () => {
    const key = await tenant.person("ann", MAY("arena", "submit", "read"), "Ann of the token");
    const reply = await fine<SubmitReply>(await tenant.at("/arena/scores", { key, body: { score: 7, name: "Somebody" } }));
    expect(reply).toMatchObject({ verdict: "accepted", windows: [{ rank: 1, score: 7 }, {}, {}, {}, {}] });
    const shown = async () => (await fine<Standing>(await tenant.at("/arena/players/ann", { key }))).entry;
    expect(await shown()).toMatchObject({ player: "ann", name: "Ann of the token", score: 7 });
    await fine(await tenant.at("/arena/scores", { key, body: { player: "ann", score: 8 } }));
    expect(await shown()).toMatchObject({ name: "Ann of the token", score: 8 });
    const run = await fine<{ runId: string }>(await tenant.at("/arena/runs", { key, body: {} }), 201);
    await fine(await tenant.at("/arena/scores", { key, body: { score: 9, runId: run.runId } }));
    const long = await tenant.person("long", MAY("arena", "submit", "read"), ` ${"x".repeat(63)}🙂🙂 `);
    await fine(await tenant.at("/arena/scores", { key: long, body: { score: 1 } }));
    expect((await fine<Standing>(await tenant.at("/arena/players/long", { key: long }))).entry?.name).toBe("x".repeat(63));
    // The same at the tenant's door.
    await fine(await atDoor("/arena/scores", { key, body: { score: 10 } }));
  });

  it("[LB50] is nobody else, and the server's clock says when it was", async () => {
    const key = await tenant.person("mallory", MAY("arena", "submit"));
    for (const path of ["/arena/scores", "/arena/runs"]) {
      const body = path.endsWith("runs") ? { player: "ann" } : { player: "ann", score: 999 };
      expect(await refusal(await tenant.at(path, { key, body }))).toEqual([403, "not-your-player"]);
    }
    const timed = await tenant.at("/arena/scores", { key, body: { score: 5, occurredAt: new Date().toISOString() } });
    expect(await timed.json()).toMatchObject({ status: 400, errors: [{ pointer: "/occurredAt" }] });
    const long = await tenant.person("x".repeat(129), MAY("arena", "submit"), "Long");
    expect(await refusal(await tenant.at("/arena/scores", { key: long, body: { score: 5 } }))).toEqual([422, "invalid-id"]);
    const nameless = await tenant.at("/arena/scores", { body: { score: 5 } });
    expect(await nameless.json()).toMatchObject({ status: 400, errors: [{ pointer: "/player" }] });
  });

  it("[LB50] without the grant, or with one for another board or action, does neither", async () => {
    const grants = {
      none: [],
      other: MAY("arenas", "submit", "read"),
      "prefix of another": MAY("are", "submit"),
      read: MAY("arena", "read"),
    };
    for (const [what, given] of Object.entries(grants)) {
      const key = await tenant.person(`no-${what.replaceAll(" ", "-")}`, given);
      for (const how of [
        { path: "/arena/scores", body: { score: 5 } },
        { path: "/arena/runs", body: {} },
      ])
        expect([what, (await tenant.at(how.path, { key, body: how.body })).status]).toEqual([what, 403]);
      expect([what, (await tenant.at("/arena/top", { key })).status]).toEqual([what, what === "read" ? 200 : 403]);
      for (const path of ["", "/arena/reviews", "/arena/stats", "/arena/windows/daily/rewards"])
        expect([path, (await tenant.at(path, { key })).status]).toEqual([path, 403]);
      const batch = { batchId: "b", items: [{ player: "ann", score: 5 }] };
      expect((await tenant.at("/arena/score-batches", { key, body: batch })).status).toBe(403);
      expect((await tenant.at("/arena/players/ann", { key, method: "DELETE" })).status).toBe(403);
    }
    const all = await tenant.person("all", MAY("*", "submit", "read"));
    expect((await tenant.at("/arena/scores", { key: all, body: { score: 5 } })).status).toBe(200);
  });

  it("[LB51] sees neither rules nor what is under suspicion", async () => {
    await tenant.board("watched", { rules: [{ type: "points-per-second", max: 1 }], windows: ["all"] });
    await tenant.submit("watched", "eve", 500, { durationMs: 1_000 });
    const key = await tenant.person("viewer", MAY("watched", "read"));
    expect((await fine<BoardView>(await tenant.at("/watched", { key }))).config.rules).toEqual([]);
    expect((await fine<BoardView>(await tenant.at("/watched"))).config.rules).toHaveLength(1);
    const verdicts = async (how: Asked) =>
      (await fine<{ items: Submission[] }>(await tenant.at("/watched/feed", how))).items.map(({ verdict, reasons }) => [
        verdict,
        reasons.length,
      ]);
    expect(await verdicts({})).toEqual([["flagged", 1]]);
    expect(await verdicts({ key })).toEqual([["accepted", 0]]);
  });

  it("[LB51] who is banned sees their own row where it would be, and nobody else does", async () => {
    await tenant.board("shadows", { rules: [{ type: "points-per-second", max: 1 }], windows: ["all"], ranking: "competition" });
    for (const [player, score] of Object.entries({ a: 900, b: 500, c: 500, d: 100 })) await tenant.submit("shadows", player, score);
    await tenant.submit("shadows", "eve", 500, { durationMs: 1_000 });
    const { items } = await fine<ReviewList>(await tenant.at("/shadows/reviews"));
    const [review] = items as [Review];
    const decision = { decision: "ban", note: "inhumanly quick" };
    await fine(await tenant.at(`/shadows/reviews/${review.reviewId}/decision`, { body: decision }));

    const eve = await tenant.person("eve", MAY("shadows", "read"));
    const own = await fine<Standing>(await tenant.at("/shadows/players/eve", { key: eve }));
    expect(own).toMatchObject({ rank: 2, total: 5, entry: { score: 500 } });
    const around = await fine<Entries>(await tenant.at("/shadows/players/eve/around?limit=3", { key: eve }));
    expect(around).toMatchObject({
      total: 5,
      items: [
        { player: "c", rank: 2 },
        { player: "eve", rank: 2 },
        { player: "d", rank: 5 },
      ],
    });
    for (const how of [{}, { key: await tenant.person("a", MAY("shadows", "read")) }]) {
      expect(await fine<Standing>(await tenant.at("/shadows/players/eve", how))).toMatchObject({ rank: null, total: 4 });
      const all = await fine<Entries>(await tenant.at("/shadows/entries", how));
      expect(all.items.map(({ player, rank }) => [player, rank])).toEqual([["a", 1], ["b", 2], ["c", 2], ["d", 4]]); // prettier-ignore
    }
    expect((await fine<Top>(await tenant.at("/shadows/top", { key: eve }))).total).toBe(4);
  });
});

describe("a public board", () => {
  it("[LB51] is read by everybody at the door, written by nobody, and private again when the mark goes", async () => {
    await tenant.board("open", { windows: ["all"], rules: [{ type: "max-score", max: 10 }] });
    await tenant.submit("open", "ann", 3);
    const paths = [
      "",
      "/top",
      "/entries",
      "/players?q=a",
      "/windows",
      "/feed",
      "/players/ann",
      "/players/ann/around",
      "/players/ann/stats",
    ];
    const statuses = async () => new Set(await Promise.all(paths.map(async (path) => (await atDoor(`/open${path}`)).status)));
    expect(await statuses()).toEqual(new Set([401]));
    const object = env.TENANT.getByName(`${tenant.tenantId}/tenant/main`);
    const mark = async (isPublic: boolean) => {
      await object.setPublic({ kind: "board", name: "open" }, isPublic, { requestId: "t", actor: "system", actorName: "system" });
      clearIsolateCaches();
    };
    await mark(true);
    expect(await statuses()).toEqual(new Set([200]));
    expect((await fine<BoardView>(await atDoor("/open"))).config.rules).toEqual([]);
    expect((await atDoor("/open/player-lookups", { body: { players: ["ann"] } })).status).toBe(200);
    expect((await atDoor("/open/top")).headers.get("cache-control")).toBe("public, s-maxage=5");
    expect((await atDoor("/arena/top")).status).toBe(401);
    for (const path of ["/open/scores", "/open/runs"]) expect((await atDoor(path, { body: { score: 1 } })).status).not.toBe(200);
    const ungranted = await tenant.person("nobody");
    expect((await tenant.at("/open/top", { key: ungranted })).status).toBe(200);
    expect((await tenant.at("/open/scores", { key: ungranted, body: { score: 1 } })).status).toBe(403);
    await mark(false);
    expect(await statuses()).toEqual(new Set([401]));
  });
});
