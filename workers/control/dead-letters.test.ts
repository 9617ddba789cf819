import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { type CloudEvent, type DeadLetter, deadLetterSchema } from "../../contract/events.ts";
import type { Page } from "../../contract/pages.ts";
import { EVENT_ATTEMPTS } from "../../contract/events.ts";
import { DEAD_QUEUE, deliver, eventOf, historyOf } from "../consumers/testing.ts";
import { tenantOf } from "../http/objects.ts";
import { edgeEnv } from "../http/testing.ts";
import { makeTenant, type TestTenant } from "./events-testing.ts";

/** The broker delivers a batch a second after its first message. */
const BROKER = { timeout: 30_000, interval: 200 };

describe("dead letters", () => {
  it("[EV19] are listed by their latest failure, page by page, each with its body", async () => {
    const tenant = await makeTenant("ev19", ["events:read"]);
    const events = [1, 2, 3].map((seq) => eventOf("ev19", seq));
    for (const [n, body] of events.entries()) await deliver([{ body, id: `ev19-${n}` }], { queue: DEAD_QUEUE });
    const newest = [...events].reverse();
    await failedAt("ev19", new Map(events.map((event, n) => [event.id, n])));
    const first = await list(tenant, "?limit=2");
    const second = await list(tenant, `?limit=2&cursor=${first.nextCursor}`);
    expect([...first.items, ...second.items].map((letter) => letter.id)).toEqual(newest.map((event) => event.id));
    expect(second.nextCursor).toBeNull();
    expect(first.items[0]?.body).toEqual(newest[0]);
    expect(deadLetterSchema.parse(first.items[0])).toEqual(first.items[0]);
  });

  it("[EV30] with a damaged body are shown as text, and hold up no list of letters or events", async () => {
    const tenant = await makeTenant("ev30", ["events:read"]);
    const events = [1, 2].map((seq) => eventOf("ev30", seq));
    await deliver(events.map((body) => ({ body })));
    for (const [n, body] of events.entries()) await deliver([{ body, id: `ev30-${n}` }], { queue: DEAD_QUEUE });
    const damaged = events[0]!.id;
    await env.HISTORY.prepare("UPDATE control_dead_letter SET body = '{cut' WHERE id = ?").bind(damaged).run();
    await env.HISTORY.prepare("UPDATE control_event SET data = '[1' WHERE id = ?").bind(damaged).run();
    const letters = await list(tenant, "");
    expect(new Map(letters.items.map(({ id, body }) => [id, body]))).toEqual(
      new Map<string, unknown>([
        [damaged, "{cut"],
        [events[1]!.id, events[1]],
      ]),
    );
    const { items } = await (await tenant.call("/v1/events")).json<Page<CloudEvent>>();
    expect(items.find(({ id }) => id === damaged)?.data).toEqual({ unreadable: "[1" });
    expect(items.map(({ id }) => id)).toEqual(expect.arrayContaining(events.map(({ id }) => id)));
  });

  it("[EV19] of another tenant are not found", async () => {
    const [mine, theirs] = [
      await makeTenant("ev19-mine", ["events:read", "events:replay"]),
      await makeTenant("ev19-theirs", ["events:read", "events:replay"]),
    ];
    const event = eventOf("ev19-theirs", 1);
    await deliver([{ body: event }], { queue: DEAD_QUEUE });
    expect((await list(mine, "")).items).toEqual([]);
    expect((await replay(mine, event.id)).status).toBe(404);
    const { nextCursor } = await list(theirs, "?limit=1");
    expect(nextCursor).toBeNull();
    expect((await mine.call("/v1/dead-letters?cursor=nonsense")).status).toBe(400);
  });

  it("[EV20] go back on their queue and arrive in the history, however often they are replayed; both sides are audited", async () => {
    const tenant = await makeTenant("ev20", ["events:read", "events:replay"]);
    const event = eventOf("ev20", 900);
    await deliver([{ body: event }], { queue: DEAD_QUEUE });
    expect((await historyOf("ev20")).map((row) => row["id"])).not.toContain(event.id);
    for (let times = 0; times < 2; times++) {
      const answer = await replay(tenant, event.id);
      expect(answer.status).toBe(200);
      expect((await answer.json<DeadLetter>()).replayedAt).not.toBeNull();
    }
    await vi.waitFor(async () => expect((await historyOf("ev20")).map((row) => row["id"])).toContain(event.id), BROKER);
    const rows = await historyOf("ev20");
    expect(rows.filter((row) => row["id"] === event.id)).toHaveLength(1);
    expect((await list(tenant, "")).items[0]?.replayedAt).not.toBeNull();

    const audit = await tenantOf({ env: edgeEnv, principal: tenant }).listAudit({ limit: 10, action: "events.replay" });
    expect(audit.ok && audit.value.items.map((entry) => entry.target)).toEqual(Array(4).fill(`dead-letter/${event.id}`));
    expect(audit.ok && audit.value.items.map((entry) => entry.outcome)).toEqual(["done", "intent", "done", "intent"]);
  });

  it("[EV20] need the scope to be replayed", async () => {
    const tenant = await makeTenant("ev20-scope", ["events:read"]);
    const event = eventOf("ev20-scope", 1);
    await deliver([{ body: event }], { queue: DEAD_QUEUE });
    expect((await replay(tenant, event.id)).status).toBe(403);
  });

  it("[EV10] come of what the real broker gave up, without holding back what was sent beside it", { timeout: 60_000 }, async () => {
    const poisoned = eventOf("ev10-broker", 1, { type: "meridian.key.created", data: { keyId: "without the rest" } });
    const good = eventOf("ev10-broker", 2);
    await env.EVENTS.sendBatch([poisoned, good].map((body) => ({ body })));
    await vi.waitFor(async () => expect(await historyOf("ev10-broker")).toHaveLength(1), BROKER);
    await vi.waitFor(async () => {
      const found = await env.HISTORY.prepare("SELECT * FROM control_dead_letter WHERE tenant_id = 'ev10-broker'").all();
      expect(found.results).toMatchObject([{ event_id: poisoned.id, attempts: EVENT_ATTEMPTS, queue: "meridian-events" }]);
    }, BROKER);
  });
});

async function list(tenant: TestTenant, query: string): Promise<Page<DeadLetter>> {
  const response = await tenant.call(`/v1/dead-letters${query}`);
  expect(response.status).toBe(200);
  return await response.json<Page<DeadLetter>>();
}

async function replay(tenant: TestTenant, id: string): Promise<Response> {
  return await tenant.call(`/v1/dead-letters/${id}/replay`, { method: "POST" });
}

/** Failures of one moment have no order of their own; these get one. */
async function failedAt(tenantId: string, times: ReadonlyMap<string, number>): Promise<void> {
  const statement = env.HISTORY.prepare("UPDATE control_dead_letter SET failed_at = ?3 WHERE tenant_id = ?1 AND id = ?2");
  await env.HISTORY.batch([...times].map(([id, at]) => statement.bind(tenantId, id, at)));
}
