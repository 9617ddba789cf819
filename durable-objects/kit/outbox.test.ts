import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_EVENT_BYTES, type NewEvent } from "../../contract/events.ts";
import { accept } from "../../contract/problems.ts";
import { KIT_LIMITS } from "../../core/kit/limits.ts";
import type { ObjectKit } from "./object-kit.ts";
import { createKvStore } from "./kv-store.ts";
import { metaOf, Probe, settled } from "./testing.ts";

const START = Date.UTC(2031, 0, 1);
const SINGLE = { SINGLE_NODE: "true" };

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

const event = (n: number): NewEvent => ({ type: "meridian.agent.connected", subject: `agent/${n}`, data: { n } });
const emit = (kit: ObjectKit, ...events: readonly NewEvent[]) => kit.transaction(() => events.forEach((each) => kit.outbox.emit(each)));
const depth = (probe: Probe) => probe.open(({ kit }) => kit.outbox.status().depth);

describe("the outbox", () => {
  it("[KT30] an emitted event is sent in the background with its address, its number and the time of its change", async () => {
    const probe = new Probe("outbox-send");
    await probe.open(async ({ kit }) => {
      await kit.change(metaOf(), () => {
        kit.outbox.emit(event(1));
        return accept(undefined);
      });
      await settled();
    });
    expect(probe.queue.messages).toEqual([
      {
        v: 1,
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        tenantId: "platform",
        source: "platform/attempts/outbox-send",
        seq: 1,
        at: START,
        ...event(1),
      },
    ]);
    expect(await depth(probe)).toBe(0);
    expect(await probe.alarmAt()).toBeNull();
  });

  it("[KT30] an event outside of a transaction is refused", async () => {
    const probe = new Probe("outbox-outside");
    await probe.open(({ kit }) => expect(() => kit.outbox.emit(event(1))).toThrow("outside of a transaction"));
  });

  it("[KT32] data of exactly 100 KB is taken, one byte more undoes the change", async () => {
    const probe = new Probe("outbox-size");
    const dataOf = (bytes: number): NewEvent => ({ ...event(1), data: { x: "é".repeat(10) + "x".repeat(bytes - 20 - '{"x":""}'.length) } });
    await probe.open(async ({ kit }) => {
      emit(kit, dataOf(MAX_EVENT_BYTES));
      expect(() => emit(kit, event(2), dataOf(MAX_EVENT_BYTES + 1))).toThrow(`above ${MAX_EVENT_BYTES} bytes`);
      await settled();
    });
    expect(probe.queue.seqs).toEqual([1]);
  });

  it("[KT32] a subject of 512 characters is taken, a longer one undoes the change", async () => {
    const probe = new Probe("outbox-subject");
    await probe.open(async ({ kit }) => {
      emit(kit, { ...event(1), subject: "x".repeat(512) });
      expect(() => emit(kit, { ...event(2), subject: "x".repeat(513) })).toThrow("above 512 characters");
      await settled();
    });
    expect(probe.queue.seqs).toEqual([1]);
  });

  it("[KT33] an event survives an eviction between its commit and its flush", async () => {
    const probe = new Probe("outbox-evict");
    probe.queue.down = true;
    await probe.open(({ kit }) => emit(kit, event(1), event(2)));
    await probe.evict();
    probe.queue.down = false;
    await probe.open(settled);
    expect(probe.queue.seqs).toEqual([1, 2]);
    expect(await depth(probe)).toBe(0);
  });

  it("[KT33] the alarm is armed with the commit, so that nobody has to come by for an event to leave", async () => {
    const probe = new Probe("outbox-guard");
    await probe.open(async ({ kit, state }) => {
      emit(kit, event(1));
      expect(await state.storage.getAlarm()).toBe(START + KIT_LIMITS.flushGuardMs);
    });
  });

  it("[KT34] a failing flush is tried again by the alarm with growing delays until the queue is back, in order", async () => {
    const probe = new Probe("outbox-retry");
    probe.queue.down = true;
    await probe.open(async ({ kit }) => {
      emit(kit, event(1));
      await settled();
      emit(kit, event(2));
      await settled();
    });
    for (let attempt = 0; attempt < 12; attempt++) {
      const at = (await probe.alarmAt()) ?? 0;
      expect(at).toBeGreaterThan(Date.now());
      expect(at - Date.now()).toBeLessThanOrEqual(Math.min(KIT_LIMITS.flushRetry.capMs, 1_000 * 2 ** attempt) + 1);
      vi.setSystemTime(at);
      await probe.fireAlarm();
    }
    probe.queue.down = false;
    vi.setSystemTime((await probe.alarmAt()) ?? 0);
    await probe.fireAlarm();
    expect(probe.queue.seqs).toEqual([1, 2]);
    expect(await probe.alarmAt()).toBeNull();
  });

  it("[KT35] a batch holds at most 100 messages and 256 KB", async () => {
    const probe = new Probe("outbox-batches");
    await probe.open(async ({ kit }) => {
      emit(kit, ...Array.from({ length: 201 }, (_, n) => event(n)));
      await settled();
      await settled();
      emit(kit, ...Array.from({ length: 6 }, (_, n) => ({ ...event(n), data: { x: "x".repeat(100_000) } })));
      await settled();
    });
    expect(probe.queue.batches.map((batch) => batch.length)).toEqual([100, 100, 1, 2, 2, 2]);
    expect(probe.queue.seqs).toEqual(Array.from({ length: 207 }, (_, n) => n + 1));
  });

  it("[KT31] a sequence number is never used again, also after everything was sent and the object evicted", async () => {
    const probe = new Probe("outbox-seq");
    for (let round = 0; round < 3; round++) {
      await probe.open(async ({ kit }) => {
        emit(kit, event(round));
        await settled();
      });
      await probe.evict();
    }
    expect(probe.queue.seqs).toEqual([1, 2, 3]);
  });
});

describe.each([
  ["sql", {}],
  ["kv", { store: createKvStore }],
])("the outbox of a single node (%s)", (kind, options) => {
  it("[KT36] rows stay until they are confirmed, and then the object sleeps", async () => {
    const probe = new Probe(`outbox-single-${kind}`, options, SINGLE);
    await probe.open(async ({ kit }) => {
      emit(kit, event(1), event(2));
      await settled();
    });
    expect(probe.queue.seqs).toEqual([1, 2]);
    expect(await depth(probe)).toBe(2);
    await probe.open(({ kit }) => kit.outbox.confirm([1, 2]));
    expect(await depth(probe)).toBe(0);
    expect(await probe.alarmAt()).toBeNull();
  });

  it("[KT36] what nobody confirmed is sent again after 30 seconds, not before, also after an eviction", async () => {
    const probe = new Probe(`outbox-resend-${kind}`, options, SINGLE);
    await probe.open(async ({ kit }) => {
      emit(kit, event(1), event(2), event(3));
      await settled();
      kit.outbox.confirm([2]);
    });
    await probe.evict();
    await probe.open(settled);
    expect(await probe.alarmAt()).toBe(START + KIT_LIMITS.resendMs);
    vi.setSystemTime(START + KIT_LIMITS.resendMs - 1);
    await probe.fireAlarm();
    expect(probe.queue.seqs).toEqual([1, 2, 3]);
    vi.setSystemTime(START + KIT_LIMITS.resendMs);
    await probe.fireAlarm();
    expect(probe.queue.seqs).toEqual([1, 2, 3, 1, 3]);
    await probe.open(({ kit }) => kit.outbox.confirm([1, 3, 77]));
    expect(await depth(probe)).toBe(0);
  });
});

describe("an object that paces its aggregate events", () => {
  const PACE_MS = 300;
  const counted = (n: number): NewEvent => ({ type: "meridian.message.sent", subject: "room/x", data: { n } });

  it("[KT96] hands them over together, and at once with an event of the lifecycle", async () => {
    const probe = new Probe("outbox-paced", { paceAggregatesMs: PACE_MS });
    await probe.open(async ({ kit }) => {
      emit(kit, counted(1));
      emit(kit, counted(2));
      await settled();
      expect(probe.queue.seqs).toEqual([]);
      await vi.waitFor(() => expect(probe.queue.seqs).toEqual([1, 2]), { timeout: 10_000 });
      emit(kit, counted(3));
      emit(kit, event(4));
      await settled();
      expect(probe.queue.seqs).toEqual([1, 2, 3, 4]);
    });
  });

  it("[KT96] loses none that an end in between kept from being handed over: their deadline was stored with them", async () => {
    const probe = new Probe("outbox-paced-end", { paceAggregatesMs: 60_000 });
    await probe.open(({ kit }) => emit(kit, counted(1)));
    expect(await probe.alarmAt()).toBe(START + KIT_LIMITS.flushGuardMs);
    vi.setSystemTime(START + KIT_LIMITS.flushGuardMs);
    await probe.fireAlarm();
    expect(probe.queue.seqs).toEqual([1]);
  });
});
