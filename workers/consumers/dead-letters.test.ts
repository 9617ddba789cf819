import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { PLATFORM_TENANT } from "../../contract/address.ts";
import { EVENT_ATTEMPTS } from "../../contract/events.ts";
import { DEAD_QUEUE, deliver, eventOf, EVENTS_QUEUE, recordingEnv } from "./testing.ts";

describe("the consumer of dead letters", () => {
  it("[EV10] keeps the body, the reason and the attempts, and confirms the outbox row", async () => {
    const recording = recordingEnv({ SINGLE_NODE: "true" });
    const event = eventOf("ev10", 4);
    const result = await deliver([{ body: event, id: "dead-1" }], { queue: DEAD_QUEUE, env: recording.env });
    expect(result.acked).toEqual(["dead-1"]);
    expect(recording.confirmed).toEqual([["ev10/tenant/main", [4]]]);
    const [letter] = await lettersOf("ev10");
    expect(letter).toMatchObject({ id: event.id, event_id: event.id, queue: EVENTS_QUEUE, attempts: EVENT_ATTEMPTS, replayed_at: null });
    expect(JSON.parse(String(letter?.["body"]))).toEqual(event);
  });

  it("[EV10] changes nothing when it is delivered again", async () => {
    const event = eventOf("ev10-again", 1);
    await deliver([{ body: event, id: "dead-2" }], { queue: DEAD_QUEUE });
    await env.HISTORY.prepare("UPDATE control_dead_letter SET replayed_at = 5 WHERE tenant_id = 'ev10-again'").run();
    await deliver([{ body: event, id: "dead-2", attempts: 2 }], { queue: DEAD_QUEUE });
    expect(await lettersOf("ev10-again")).toMatchObject([{ attempts: EVENT_ATTEMPTS, replayed_at: 5 }]);
  });

  it("[EV12] shows an event that failed again after its replay as not replayed, under the same id", async () => {
    const event = eventOf("ev12", 1);
    await deliver([{ body: event, id: "dead-3" }], { queue: DEAD_QUEUE });
    await env.HISTORY.prepare("UPDATE control_dead_letter SET replayed_at = 5 WHERE tenant_id = 'ev12'").run();
    await deliver([{ body: event, id: "dead-4" }], { queue: DEAD_QUEUE });
    expect(await lettersOf("ev12")).toMatchObject([{ id: event.id, attempts: 2 * EVENT_ATTEMPTS, replayed_at: null }]);
  });

  it("[EV11] leaves what cannot be trusted to the deployment, never to the tenant it claims", async () => {
    const forged = { ...eventOf("ev11-mine", 1), tenantId: "ev11-yours" };
    await deliver(
      [
        { body: forged, id: "dead-5" },
        { body: "text", id: "dead-6" },
      ],
      { queue: DEAD_QUEUE },
    );
    expect(await lettersOf("ev11-yours")).toEqual([]);
    const platform = await lettersOf(PLATFORM_TENANT);
    expect(platform.filter((letter) => ["dead-5", "dead-6"].includes(String(letter["id"])))).toHaveLength(2);
  });

  it("[EV11] gives a tenant its own event whose data alone is wrong", async () => {
    const event = eventOf("ev11-data", 9, { type: "meridian.key.created", data: { keyId: 1 } });
    const recording = recordingEnv({ SINGLE_NODE: "true" });
    await deliver([{ body: event }], { queue: DEAD_QUEUE, env: recording.env });
    expect(await lettersOf("ev11-data")).toMatchObject([{ event_id: event.id, reason: expect.stringContaining("data.keyId") }]);
    expect(recording.confirmed).toEqual([["ev11-data/tenant/main", [9]]]);
  });

  it("[EV2] gives one dead letter back that could not be confirmed, and keeps the others", async () => {
    const recording = recordingEnv({ SINGLE_NODE: "true", failing: (name) => name === "ev2-away/tenant/main" });
    const result = await deliver([{ body: eventOf("ev2-away", 1) }, { body: eventOf("ev2-here", 1) }], {
      queue: DEAD_QUEUE,
      env: recording.env,
    });
    expect(result.acked).toEqual(["m1"]);
    expect([...result.retried.keys()]).toEqual(["m0"]);
  });
});

async function lettersOf(tenantId: string): Promise<Record<string, unknown>[]> {
  return (await env.HISTORY.prepare("SELECT * FROM control_dead_letter WHERE tenant_id = ?1").bind(tenantId).all()).results;
}
