import { env, runInDurableObject } from "cloudflare:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { issuerPutSchema } from "../../contract/issuers.ts";
import type { Standing, Top } from "../../contract/leaderboard-reads.ts";
import { type BoardTenant, fine, refusal, seedBoards } from "../../tests/workers/leaderboards-testing.ts";
import { auditOf, seedDoor } from "../control/subject-testing.ts";
import { ask } from "../control/testing.ts";
import { clearIsolateCaches } from "../http/isolate-caches.ts";
import { sweepBoards } from "./leaderboards-finish.ts";
import { edgeEnv } from "../http/testing.ts";

const META = { requestId: "r", actor: "system", actorName: "system" };

/** Tables of these rows that name it, packed bytes included. */
function naming(tables: readonly [name: string, rows: readonly unknown[][]][], needle: string): string[] {
  const text = (cell: unknown) => (cell instanceof ArrayBuffer ? new TextDecoder().decode(cell) : String(cell));
  return tables.filter(([, rows]) => rows.flat().some((cell) => text(cell).includes(needle))).map(([name]) => name);
}

async function d1Tables(db: D1Database): Promise<[string, unknown[][]][]> {
  const { results } = await db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND substr(name, 1, 4) <> '_cf_'")
    .all<{ name: string }>();
  return await Promise.all(
    results.map(async ({ name }) => [name, await db.prepare(`SELECT * FROM "${name}"`).raw()] as [string, unknown[][]]),
  );
}

async function objectTables(name: string): Promise<[string, unknown[][]][]> {
  return await runInDurableObject(env.LEADERBOARDS.getByName(name), (_, { storage: { sql } }) =>
    sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND substr(name, 1, 4) <> '_cf_'",
      )
      .toArray()
      .map((table) => [table.name, [...sql.exec(`SELECT * FROM "${table.name}"`).raw()]] as [string, unknown[][]]),
  );
}

describe("deleting a board", () => {
  it("[LB163] leaves its name in the registry of objects, and an object that holds the place of its events; of its players nothing", async () => {
    const tenant = await seedBoards();
    const name = `${tenant.tenantId}/leaderboard/left-board`;
    await tenant.board("left-board", { rules: [{ type: "max-score", max: 10, action: "flag" }] });
    for (const player of ["left-player", "left-banned"])
      await tenant.submit("left-board", player, 11, { name: player, metadata: { player } });
    await tenant.at("/left-board/runs", { body: { player: "left-player" }, headers: { "idempotency-key": "left-key" } });
    await env.ARCHIVE.put(`leaderboards/${tenant.tenantId}/left-board/all.ndjson`, "left-player");
    const [review] = (await fine<{ items: { reviewId: string; player: string }[] }>(await tenant.at("/left-board/reviews"))).items;
    await fine(await tenant.at(`/left-board/reviews/${review?.reviewId}/decision`, { body: { decision: "ban", note: "left-note" } }));
    await tenant.at(`/left-board/players/${review?.player}`, { method: "DELETE" });
    expect(naming(await objectTables(name), "left-")).toEqual(expect.arrayContaining(["entries", "players", "submissions"]));

    expect((await tenant.at("/left-board", { method: "DELETE" })).status).toBe(204);
    await expect.poll(async () => (await objectTables(name)).find(([table]) => table === "board")?.[1], { timeout: 15_000 }).toEqual([]);
    await sweepBoards(edgeEnv, Date.now() + 60_000);
    await env.LEADERBOARDS.getByName(name).confirmOutbox(Array.from({ length: 100 }, (_, n) => n));
    const object = await objectTables(name);
    expect(object.filter(([table, rows]) => !table.startsWith("kit_") && rows.length > 0).map(([table]) => table)).toEqual([]);
    expect(naming(object, "left-")).toEqual(["kit_meta"]); // whose object it is
    for (const player of ["left-player", "left-banned", "left-note"]) expect(naming(object, player)).toEqual([]);
    const database = await d1Tables(env.DB);
    expect(naming(database, "left-board").filter((table) => table !== "control_object")).toEqual([]);
    expect(naming(database, "left-player").concat(naming(database, "left-banned"))).toEqual([]);
    expect((await env.ARCHIVE.list({ prefix: `leaderboards/${tenant.tenantId}/` })).objects).toEqual([]);
  });
});

describe("a player who is held back", () => {
  it("[LB164] stays out after an erasure by the API, unless it says that the ban goes too; the log says which", async () => {
    const tenant = await seedBoards();
    await tenant.board("arena", { windows: ["all"], rules: [{ type: "max-score", max: 10, action: "flag" }] });
    await tenant.submit("arena", "eve", 11);
    const [review] = (await fine<{ items: { reviewId: string }[] }>(await tenant.at("/arena/reviews"))).items;
    await fine(await tenant.at(`/arena/reviews/${review?.reviewId}/decision`, { body: { decision: "ban" } }));
    const erase = async (query = "") => (await tenant.at(`/arena/players/eve${query}`, { method: "DELETE" })).status;
    expect([await erase("?ban=gone"), await erase()]).toEqual([400, 204]);
    const submitted = async () => await tenant.at("/arena/scores", { body: { player: "eve", score: 1 } });
    expect(await refusal(await submitted())).toEqual([403, "player-suspended"]);
    expect(await erase("?ban=lift")).toBe(204);
    expect((await submitted()).status).toBe(200);
    const details = (await auditOf(tenant))
      .filter(({ action }) => action === "leaderboard.erase-player")
      .map(({ detail }) => detail["ban"]);
    expect(details).toEqual(["lift", "lift", "keep", "keep"]);
  });
});

describe("a player's id", () => {
  /** A token of an issuer of the tenant's own. */
  async function broughtToken(tenant: BoardTenant, sub: string): Promise<string> {
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    const iss = "https://school.example.com/";
    const grants = [{ kind: "board", name: "arena", actions: ["read", "submit"] }];
    const jwks = { keys: [await exportJWK(publicKey)] };
    const issuer = issuerPutSchema.parse({ iss, audiences: ["arena"], jwks, mapping: { grants } });
    const put = await env.TENANT.getByName(`${tenant.tenantId}/tenant/main`).putIssuer("school", issuer, META);
    if (!put.ok) throw new Error(put.problem.detail);
    clearIsolateCaches();
    const token = new SignJWT({}).setProtectedHeader({ alg: "ES256" }).setIssuer(iss).setAudience("arena").setSubject(sub);
    return await token.setIssuedAt().setExpirationTime("1h").sign(privateKey);
  }

  it("[LB165] is the sub: people of two issuers with one sub are one player, as services name them", async () => {
    const tenant = await seedBoards();
    await seedDoor({}, tenant);
    await tenant.board("arena", { windows: ["all"] });
    const minted = await tenant.person("ann", [{ kind: "board", name: "arena", actions: ["read", "submit"] }]);
    const brought = await broughtToken(tenant, "ann");
    const door = async (key: string, path: string, body?: object) =>
      await ask(`/p/${tenant.slug}/v1/leaderboards/arena${path}`, { key, ...(body && { body }) });
    await fine(await door(minted, "/scores", { score: 5 }));
    await fine(await door(brought, "/scores", { score: 7 }));
    await tenant.submit("arena", "ann", 6);
    const top = await fine<Top>(await tenant.at("/arena/top"));
    expect(top.items.map(({ player, score }) => [player, score])).toEqual([["ann", 7]]);
    for (const key of [minted, brought])
      expect(await fine<Standing>(await door(key, "/players/ann"))).toMatchObject({ rank: 1, entry: { score: 7 } });
    await env.LEADERBOARDS.getByName(`${tenant.tenantId}/leaderboard/arena`).maintain({
      type: "forget-subject",
      subject: "school|ann",
      ref: "r",
    });
    expect(await fine<Standing>(await door(minted, "/players/ann"))).toMatchObject({ rank: null });
  });
});
