import { beforeAll, describe, expect, it } from "vitest";
import { LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import type { Standing } from "../../contract/leaderboard-reads.ts";
import type { ImportReply, ScoreBatchReply } from "../../contract/leaderboard-scores.ts";
import { auditOf } from "../control/subject-testing.ts";
import { ask, edgeEnv, type Asked } from "../control/testing.ts";
import { app } from "../edge.ts";
import { createExecutionContext } from "cloudflare:test";
import { type BoardTenant, fine, refusal, seedBoards } from "../../tests/workers/leaderboards-testing.ts";

let tenant: BoardTenant;
beforeAll(async () => {
  tenant = await seedBoards();
  await tenant.board("arena", { windows: ["all"] });
  await tenant.board("history", { windows: ["all"] });
});

/** Sends a body as it is. */
async function send(path: string, body: BodyInit, headers: Readonly<Record<string, string>>): Promise<Response> {
  const request = new Request(`${edgeEnv.PUBLIC_URL}/v1/leaderboards${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${tenant.key}`, ...headers },
    body,
  });
  return await app.fetch(request, { ...edgeEnv, LOG_REQUESTS: "off" }, createExecutionContext());
}

const JSON_TYPE = { "content-type": "application/json" };
const LINES = { "content-type": "application/x-ndjson" };
const at = "2026-11-01T10:00:00Z";
const line = (player: string, score: number) => JSON.stringify({ player, score, occurredAt: at });

async function gzip(text: string): Promise<ArrayBuffer> {
  return await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
}

describe("a batch", () => {
  it("[LB56] answers item by item, and the same batchId once", async () => {
    const items = [
      { player: "ann", score: 1 },
      { player: "", score: 2 },
      { player: "bob", score: 3 },
    ];
    const body = { batchId: "b1", items };
    const first = await fine<ScoreBatchReply>(await tenant.at("/arena/score-batches", { body }));
    expect(first).toMatchObject({ duplicate: false, accepted: 2, items: [{ ok: true }, { ok: false }, { ok: true }] });
    const again = await fine<ScoreBatchReply>(await tenant.at("/arena/score-batches", { body }));
    expect(again).toEqual({ ...first, duplicate: true });
  });

  it("[LB55] has 1,000 items and 512 KiB at most, compressed or not; anything else is no batch", async () => {
    const items = (n: number) => Array.from({ length: n }, (_, i) => ({ player: `p${i}`, score: 1 }));
    const batch = async (n: number) => await tenant.at("/arena/score-batches", { body: { batchId: `n${n}`, items: items(n) } });
    expect((await fine<ScoreBatchReply>(await batch(LEADERBOARD_LIMITS.batchItems))).accepted).toBe(LEADERBOARD_LIMITS.batchItems);
    expect(await refusal(await batch(LEADERBOARD_LIMITS.batchItems + 1))).toEqual([413, "payload-too-large"]);
    const padded = (bytes: number) => {
      const text = JSON.stringify({ batchId: `s${bytes}`, items: items(1) });
      return text + " ".repeat(bytes - text.length);
    };
    const limit = LEADERBOARD_LIMITS.batchBytes;
    expect((await send("/arena/score-batches", padded(limit), JSON_TYPE)).status).toBe(200);
    expect(await refusal(await send("/arena/score-batches", padded(limit + 1), JSON_TYPE))).toEqual([413, "payload-too-large"]);
    const small = await gzip(padded(limit + 1));
    expect(await refusal(await send("/arena/score-batches", small, { ...JSON_TYPE, "content-encoding": "gzip" }))).toEqual([
      413,
      "payload-too-large",
    ]);
    expect((await send("/arena/score-batches", "{", JSON_TYPE)).status).toBe(400);
    expect((await send("/arena/score-batches", "{}", LINES)).status).toBe(415);
  });
});

describe("an import", () => {
  it("[LB56] is known by its batchId, or by its content, and is in the audit log", async () => {
    const text = `${line("ann", 5)}\n${line("bob", 6)}\nnot json\n`;
    const first = await fine<ImportReply>(await send("/history/imports", text, LINES));
    expect(first).toMatchObject({ duplicate: false, imported: 2, refused: 1, errors: [{ line: 3 }] });
    expect(
      (await fine<ImportReply>(await send("/history/imports", await gzip(text), { ...LINES, "content-encoding": "gzip" }))).duplicate,
    ).toBe(true);
    const named = await fine<ImportReply>(await send("/history/imports?batchId=mine", line("eve", 7), LINES));
    expect(named).toMatchObject({ duplicate: false, imported: 1 });
    expect((await fine<ImportReply>(await send("/history/imports?batchId=mine", line("eve", 9), LINES))).duplicate).toBe(true);
    expect(await fine<Standing>(await tenant.at("/history/players/eve"))).toMatchObject({ rank: 1, total: 3, entry: { score: 7 } });
    const noted = (await auditOf(tenant)).filter(({ action }) => action === "leaderboard.import");
    expect(
      noted
        .map(({ outcome }) => outcome)
        .toReversed()
        .slice(0, 2),
    ).toEqual(["intent", "done"]);
    expect(noted.find(({ detail }) => detail["batchId"] === "mine" && detail["imported"] === 1)).toBeDefined();
  });

  it("[LB55] has 8 MiB at most", async () => {
    const padded = (bytes: number) => `${line("big", 1)}\n`.padEnd(bytes, "\n");
    const limit = LEADERBOARD_LIMITS.importBytes;
    expect((await send("/history/imports?batchId=big", padded(limit), LINES)).status).toBe(200);
    expect(await refusal(await send("/history/imports", padded(limit + 1), LINES))).toEqual([413, "payload-too-large"]);
    expect((await send(`/history/imports?batchId=${"x".repeat(201)}`, line("a", 1), LINES)).status).toBe(400);
  });
});

describe("a score by itself", () => {
  it("[LB55] is 8 KiB at most, its metadata 1 KiB; what cannot be kept exactly is out of range", async () => {
    const submit = async (more: object, how: Asked = {}) =>
      await ask("/v1/leaderboards/arena/scores", { key: tenant.key, body: { player: "m", score: 1, ...more }, ...how });
    const metadata = (bytes: number) => ({ metadata: { k: "x".repeat(bytes - JSON.stringify({ k: "" }).length) } });
    expect((await submit(metadata(LEADERBOARD_LIMITS.metadataBytes))).status).toBe(200);
    expect(await refusal(await submit(metadata(LEADERBOARD_LIMITS.metadataBytes + 1)))).toEqual([413, "payload-too-large"]);
    expect(await refusal(await submit({ name: "n".repeat(LEADERBOARD_LIMITS.submitBytes) }))).toEqual([413, "payload-too-large"]);
    expect((await submit({ score: Number.MAX_SAFE_INTEGER })).status).toBe(200);
    expect(await refusal(await submit({ score: Number.MAX_SAFE_INTEGER + 1 }))).toEqual([422, "score-out-of-range"]);
    expect(await refusal(await submit({ player: "" }))).toEqual([422, "invalid-id"]);
    expect((await submit({ delta: 1 })).status).toBe(400);
  });
});

describe("an erasure", () => {
  it("[LB56] forgets a player, and the log says so without naming them", async () => {
    await tenant.board("erased", { windows: ["all"] });
    await tenant.submit("erased", "secret-person", 5);
    expect((await tenant.at("/erased/players/secret-person", { method: "DELETE" })).status).toBe(204);
    expect(await fine<Standing>(await tenant.at("/erased/players/secret-person"))).toMatchObject({ rank: null, total: 0 });
    const log = await auditOf(tenant);
    expect(log.filter(({ action }) => action === "leaderboard.erase-player").map(({ outcome }) => outcome)).toEqual(["done", "intent"]);
    expect(JSON.stringify(log)).not.toContain("secret-person");
  });
});
