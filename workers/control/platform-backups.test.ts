import { env } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { uuidv7, cryptoRandom } from "../../contract/ids.ts";
import type { Page } from "../../contract/pages.ts";
import type { Backup } from "../../contract/platform.ts";
import type { EdgeEnv } from "../env.ts";
import { clearIsolateCaches } from "../http/isolate-caches.ts";
import { storeEvents } from "../consumers/history.ts";
import { takeInBackups } from "./platform-backups.ts";
import { ask, edgeEnv, seedOperator } from "./testing.ts";

const NOW = Date.parse("2026-11-20T12:00:00.000Z");

/** What the node says, and what was sent. */
let found: Backup[];
let sent: Parameters<typeof storeEvents>[1][number][];
let asked: number;

function node(): EdgeEnv {
  const NODE = { fetch: async () => ((asked += 1), Response.json(found)) };
  const EVENTS = { send: async (event: (typeof sent)[number]) => void sent.push(event) };
  return { ...edgeEnv, NODE, EVENTS } as unknown as EdgeEnv; // what this work calls of them
}

function backupOf(startedAt: number, more: Partial<Backup> = {}): Backup {
  const instant = new Date(startedAt).toISOString();
  const rest = { bytes: 10, objects: 2, rows: 30, checksum: "c".repeat(64), problem: null };
  return {
    id: uuidv7(startedAt, cryptoRandom),
    scope: "node",
    state: "done",
    startedAt: instant,
    finishedAt: instant,
    target: "node-1",
    ...rest,
    ...more,
  };
}

async function rows(): Promise<unknown[]> {
  return (await env.DB.prepare("SELECT id, scope, state, problem FROM control_backup ORDER BY id").all()).results;
}

beforeEach(async () => {
  found = [];
  sent = [];
  asked = 0;
  clearIsolateCaches();
  await env.DB.prepare("DELETE FROM control_backup").run();
});

describe("a node's backups", () => {
  it("[ND62] become a row each, once, and an event of the platform for each that was completed", async () => {
    const done = backupOf(NOW - 5_000);
    const failed = backupOf(NOW - 4_000, { state: "failed", problem: "no room", checksum: null });
    found = [failed, done];
    await takeInBackups(node(), NOW);
    await takeInBackups(node(), NOW);
    expect(await rows()).toEqual([
      { id: done.id, scope: "node", state: "done", problem: null },
      { id: failed.id, scope: "node", state: "failed", problem: "no room" },
    ]);
    const [event] = sent;
    expect(event).toMatchObject({
      tenantId: "platform",
      source: "d1/control_backup",
      type: "meridian.backup.completed",
      subject: `backup/${done.id}`,
    });
    // Until the history has it: a node's queue forgets when it is killed. It is always the same event.
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    await storeEvents(env.HISTORY, sent);
    await storeEvents(env.HISTORY, sent);
    sent = [];
    clearIsolateCaches();
    await takeInBackups(node(), NOW);
    expect(sent).toEqual([]);
    const kept = await env.HISTORY.prepare("SELECT count(*) AS n FROM control_event WHERE type = 'meridian.backup.completed'").first();
    expect(kept).toEqual({ n: 1 });
  });

  it("[ND62] go from running to done or failed, and never back", async () => {
    const running = backupOf(NOW, { state: "running", finishedAt: null, checksum: null, rows: 0 });
    found = [running];
    await takeInBackups(node(), NOW);
    expect(await rows()).toMatchObject([{ state: "running" }]);
    found = [{ ...running, state: "done", finishedAt: running.startedAt, checksum: "d".repeat(64) }];
    await takeInBackups(node(), NOW);
    found = [running];
    clearIsolateCaches();
    await takeInBackups(node(), NOW);
    expect(await rows()).toMatchObject([{ state: "done" }]);
    expect(sent).toHaveLength(1);
  });

  it("[ND62] of another scope, of long ago, or in another shape change nothing", async () => {
    const old = backupOf(NOW - 2 * 86_400_000);
    found = [old, backupOf(NOW, { scope: "some-tenant" })];
    await takeInBackups(node(), NOW);
    expect(await rows()).toMatchObject([{ id: old.id }]);
    expect(sent).toEqual([]);
    found = [{ id: "no backup" } as unknown as Backup];
    await expect(takeInBackups(node(), NOW)).rejects.toThrow();
    const { NODE: _none, ...elsewhere } = node();
    await takeInBackups(elsewhere, NOW);
    expect(asked).toBe(2);
  });

  it("[ND63] are listed for deployment admins, newest first, in pages, and for nobody else", async () => {
    found = [3, 2, 1].map((n) => backupOf(NOW - n * 1_000));
    await takeInBackups(node(), NOW);
    const admin = {
      cookie: (await seedOperator("viewer", undefined, "nd63@example.com")).cookie,
      env: { DEPLOYMENT_ADMINS: "nd63@example.com" },
    };
    const first = await (await ask("/v1/platform/backups?limit=2", admin)).json<Page<Backup>>();
    expect(first.items.map(({ id }) => id)).toEqual([found[2]?.id, found[1]?.id]);
    const second = await (await ask(`/v1/platform/backups?limit=2&cursor=${first.nextCursor}`, admin)).json<Page<Backup>>();
    expect(second).toEqual({ items: [found[0]], nextCursor: null });
    expect((await ask("/v1/platform/backups?cursor=x", admin)).status).toBe(400);
    const { cookie } = await seedOperator("owner");
    expect((await ask("/v1/platform/backups", { cookie })).status).toBe(403);
  });
});
