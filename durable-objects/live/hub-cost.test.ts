import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { LIVE_LIMITS } from "../../contract/live-codes.ts";
import type { Hub } from "./hub.ts";
import { admission, closeAll, connect, fakePublisher, newHub, publication } from "./testing.ts";

afterEach(() => {
  closeAll();
  vi.useRealTimers();
});

/** Rows that the object's storage has changed so far, deletes and alarms included. */
async function rows(hub: DurableObjectStub<Hub>): Promise<number> {
  return await runInDurableObject(hub, (_hub, state) => state.storage.sql.exec<{ n: number }>("SELECT total_changes() AS n").one().n);
}

describe("what a hub costs", () => {
  it(
    "[LV34] an hour of being followed writes three rows per renewal, and what is published and acknowledged none",
    { timeout: 30_000 },
    async () => {
      const hub = newHub();
      const publisher = await fakePublisher(hub);
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
      const client = await connect(hub);
      client.send({ type: "subscribe", id: "1", channel: "metrics/all" });
      await client.next("subscribed");
      await hub.confirmOutbox([1]);
      const before = await rows(hub);
      const renewals = 3_600_000 / (LIVE_LIMITS.interestMs / 2);
      for (let n = 0; n < renewals; n++) {
        vi.setSystemTime(Date.now() + LIVE_LIMITS.interestMs / 2);
        expect(await runDurableObjectAlarm(hub)).toBe(true);
        await hub.publish([publication("metrics/all", n + 1)]);
        client.send({ type: "ack", n: (await client.next("batch")).n });
      }
      expect(publisher.calls).toHaveLength(1 + renewals);
      expect((await rows(hub)) - before).toBe(3 * renewals); // the deadline, the alarm set, the alarm gone
    },
  );

  it("[LV34] a connection with a ticket writes one row, and one more when that is swept", async () => {
    const hub = newHub();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    await connect(hub);
    await hub.confirmOutbox([1]);
    const before = await rows(hub);
    const ticket = (id: string) => ({ ticket: { id, expiresAt: Date.now() + LIVE_LIMITS.ticketTtlMs } });
    for (const id of ["a", "b", "c"]) await connect(hub, admission(ticket(id)));
    expect((await rows(hub)) - before).toBe(3);
    vi.setSystemTime(Date.now() + LIVE_LIMITS.ticketTtlMs);
    await connect(hub, admission());
    expect((await rows(hub)) - before).toBe(6);
  });
});
