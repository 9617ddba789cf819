import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { CloudEvent, SpineStatus } from "../../contract/events.ts";
import { cloudEventSchema, spineStatusSchema } from "../../contract/events.ts";
import type { Page } from "../../contract/pages.ts";
import { PAGE_LIMITS } from "../../contract/pages.ts";
import { DEAD_QUEUE, deliver, eventOf, NOON, recordingEnv } from "../consumers/testing.ts";
import type { ProblemBody } from "../http/testing.ts";
import { markReplayed } from "./dead-letters-query.ts";
import { spineStatus, STATUS_LIMITS } from "./events-status.ts";
import { makeTenant, type TestTenant } from "./events-testing.ts";

/** Names the tenants of the table of bad parameters. */
let cases = 0;

describe("GET /v1/events", () => {
  it("[EV13] pages from the newest to the oldest, and inserts neither repeat nor skip an event", async () => {
    const tenant = await makeTenant("ev13", ["events:read"]);
    await put(tenant, 1, 5);
    const first = await list(tenant, "?limit=2");
    expect(seqs(first)).toEqual([5, 4]);
    await put(tenant, 6, 7);
    const second = await list(tenant, `?limit=2&cursor=${first.nextCursor}`);
    expect(seqs(second)).toEqual([3, 2]);
    const third = await list(tenant, `?limit=2&cursor=${second.nextCursor}`);
    expect([seqs(third), third.nextCursor]).toEqual([[1], null]);
  });

  it("[EV13] answers CloudEvents", async () => {
    const tenant = await makeTenant("ev13-shape", ["events:read"]);
    await put(tenant, 1, 1);
    const [event] = (await list(tenant, "")).items;
    expect(cloudEventSchema.parse(event)).toEqual(event);
    expect(event).toMatchObject({ specversion: "1.0", source: "/objects/ev13-shape/tenant/main", sequence: "1", data: { seq: 1 } });
  });

  it("[EV14] filters by type, by the beginning of the subject, and by time", async () => {
    const tenant = await makeTenant("ev14", ["events:read"]);
    const wildcards = eventOf("ev14", 3, { type: "meridian.member.removed", subject: "member/%x" });
    const bodies = [eventOf("ev14", 1), eventOf("ev14", 2, { type: "meridian.member.removed", subject: "member/x2" }), wildcards];
    await deliver(bodies.map((body) => ({ body })));
    expect(seqs(await list(tenant, "?type=meridian.member.removed"))).toEqual([3, 2]);
    expect(seqs(await list(tenant, "?subject=member/x"))).toEqual([2]);
    expect(seqs(await list(tenant, "?subject=member/%25"))).toEqual([3]);
    const at = (offset: number) => new Date(NOON + offset).toISOString();
    expect(seqs(await list(tenant, `?from=${at(2)}&to=${at(3)}`))).toEqual([2]);
    expect(seqs(await list(tenant, `?from=${at(2)}&type=meridian.member.removed&subject=member/`))).toEqual([3, 2]);
  });

  it("[EV15] shows nothing of another tenant, whatever cursor or filter it is asked with", async () => {
    const [mine, theirs] = [await makeTenant("ev15-mine", ["events:read"]), await makeTenant("ev15-theirs", ["events:read"])];
    await put(theirs, 1, 4);
    const { nextCursor } = await list(theirs, "?limit=2");
    expect((await list(mine, `?cursor=${nextCursor}`)).items).toEqual([]);
    expect((await list(mine, "?type=meridian.member.joined&subject=member/")).items).toEqual([]);
  });

  it.each([
    ["?cursor=nonsense", "?cursor"],
    ["?cursor=WzFd", "?cursor"],
    ["?limit=0", "?limit"],
    [`?limit=${PAGE_LIMITS.max + 1}`, "?limit"],
    ["?from=yesterday", "?from"],
    ["?from=2026-11-20T12:00:00Z&to=2026-11-20T12:00:00Z", "?from"],
    [`?subject=${"s".repeat(513)}`, "?subject"],
    ["?type=", "?type"],
  ])("[EV16] names the parameter that is wrong in %s", async (query, pointer) => {
    const tenant = await makeTenant(`ev16-${cases++}`, ["events:read"]);
    const response = await tenant.call(`/v1/events${query}`);
    expect(response.status).toBe(400);
    expect((await response.json<ProblemBody>()).errors?.[0]?.pointer).toBe(pointer);
  });

  it("[EV16] takes the longest page, subject and type", async () => {
    const tenant = await makeTenant("ev16-limits", ["events:read"]);
    const query = `?limit=${PAGE_LIMITS.max}&subject=${"s".repeat(512)}&type=${"t".repeat(100)}`;
    expect((await tenant.call(`/v1/events${query}`)).status).toBe(200);
  });

  it("[EV16] refuses a key without the scope", async () => {
    const tenant = await makeTenant("ev16-scope", ["metrics:read"]);
    for (const path of ["/v1/events", "/v1/events/status", "/v1/dead-letters"]) expect((await tenant.call(path)).status, path).toBe(403);
  });
});

describe("GET /v1/events/status", () => {
  it("[EV17] sums the outboxes of the objects every tenant has, and of the registered ones", async () => {
    await registered("ev17", ["tenant/main", "hub/2"]);
    const status = await spineStatus(recordingEnv().env, "ev17", NOON);
    expect(status.outbox).toEqual({
      depth: 8,
      oldestAgeMs: 5_000,
      unanswered: [],
      objects: [
        { name: "agents/main", depth: 2, oldestAgeMs: 5_000 },
        { name: "hub/2", depth: 2, oldestAgeMs: 5_000 },
        { name: "metrics/0", depth: 2, oldestAgeMs: 5_000 },
        { name: "tenant/main", depth: 2, oldestAgeMs: 5_000 },
      ],
    });
    expect(spineStatusSchema.parse(status)).toEqual(status);
  });

  it("[EV17] counts the dead letters that nobody has replayed", async () => {
    const events = [1, 2].map((seq) => eventOf("ev17-letters", seq));
    for (const body of events) await deliver([{ body }], { queue: DEAD_QUEUE });
    expect((await spineStatus(recordingEnv().env, "ev17-letters", NOON)).deadLetters).toBe(2);
    await markReplayed(env.HISTORY, "ev17-letters", events[0]?.id ?? "", NOON);
    expect((await spineStatus(recordingEnv().env, "ev17-letters", NOON)).deadLetters).toBe(1);
  });

  it("[EV17] answers over HTTP with the queue's backlog", async () => {
    const tenant = await makeTenant("ev17-http", ["events:read"]);
    const status = await (await tenant.call("/v1/events/status")).json<SpineStatus>();
    expect(status.queue.backlog).toBeTypeOf("number");
    expect(status.deadLetters).toBe(0);
  });

  it("[EV18] names the objects that do not answer and sums the others", async () => {
    await registered("ev18", ["tenant/main", "hub/3"]);
    const status = await spineStatus(recordingEnv({ failing: (name) => name === "ev18/hub/3" }).env, "ev18", NOON);
    expect(status.outbox).toMatchObject({ depth: 6, unanswered: ["hub/3"] });
  });

  it("[EV18] asks at most its limit of objects", async () => {
    const names = Array.from({ length: STATUS_LIMITS.objects + 1 }, (_, n) => `metrics/${String(n).padStart(3, "0")}`);
    await registered("ev18-many", names);
    const status = await spineStatus(recordingEnv().env, "ev18-many", NOON);
    expect(status.outbox.objects).toHaveLength(STATUS_LIMITS.objects);
  });
});

async function put(tenant: TestTenant, from: number, to: number): Promise<void> {
  const bodies = Array.from({ length: to - from + 1 }, (_, n) => ({ body: eventOf(tenant.tenantId, from + n) }));
  await deliver(bodies);
}

async function list(tenant: TestTenant, query: string): Promise<Page<CloudEvent>> {
  // The tenant's own creation arrives through the real queue, at whatever moment; these tests look at what they put.
  const own = query.includes("subject=") ? query : `${query === "" ? "?" : `${query}&`}subject=member/`;
  const response = await tenant.call(`/v1/events${own}`);
  expect(response.status).toBe(200);
  return await response.json<Page<CloudEvent>>();
}

function seqs(page: Page<CloudEvent>): number[] {
  return page.items.map((event) => Number(event.sequence));
}

async function registered(tenantId: string, names: readonly string[]): Promise<void> {
  const bodies = names.map((name, n) => {
    const [kind, rest] = name.split("/");
    return { body: eventOf(tenantId, n + 1, { type: "meridian.object.created", data: { kind, name: rest } }) };
  });
  await deliver(bodies);
}
