import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { KIT_LIMITS } from "../../core/kit/limits.ts";
import type { ObjectKit } from "./object-kit.ts";
import { metaOf, Probe } from "./testing.ts";

const START = Date.UTC(2031, 0, 1);

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

function counted(kit: ObjectKit) {
  let runs = 0;
  return {
    runs: () => runs,
    call: (meta: ReturnType<typeof metaOf>, answer: (run: number) => Outcome<unknown> = (run) => accept({ run }), secret = false) =>
      kit.change(meta, () => answer(++runs), { secret }),
  };
}

const slugOf = (outcome: Outcome<unknown>) => (outcome.ok ? "ok" : outcome.problem.slug);

describe("idempotency", () => {
  it("[KT40] a repetition gets the first answer, accepted or refused, also after an eviction", async () => {
    const probe = new Probe("replay");
    await probe.open(async ({ kit }) => {
      const { call, runs } = counted(kit);
      expect(await call(metaOf("a"))).toEqual(accept({ run: 1 }));
      expect(await call(metaOf("a"))).toEqual(accept({ run: 1 }));
      expect(slugOf(await call(metaOf("b"), () => refuse("not-found", "no such thing")))).toBe("not-found");
      expect(slugOf(await call(metaOf("b")))).toBe("not-found");
      expect(runs()).toBe(2);
    });
    await probe.evict();
    await probe.open(async ({ kit }) => {
      const { call, runs } = counted(kit);
      expect(await call(metaOf("a"), () => accept("another"))).toEqual(accept({ run: 1 }));
      expect(runs()).toBe(0);
    });
  });

  it("[KT40] calls without a key run every time", async () => {
    const probe = new Probe("no-key");
    await probe.open(async ({ kit }) => {
      const { call, runs } = counted(kit);
      await call(metaOf());
      await call(metaOf());
      expect(runs()).toBe(2);
    });
  });

  it("[KT41] another body or another route under the same key is 422 idempotency-mismatch", async () => {
    const probe = new Probe("mismatch");
    await probe.open(async ({ kit }) => {
      const { call, runs } = counted(kit);
      await call(metaOf("k"));
      expect(slugOf(await call(metaOf("k", { bodyHash: "other" })))).toBe("idempotency-mismatch");
      expect(slugOf(await call(metaOf("k", { route: "DELETE /v1/things" })))).toBe("idempotency-mismatch");
      expect(runs()).toBe(1);
    });
  });

  it("[KT42] keys belong to their actor", async () => {
    const probe = new Probe("actors");
    await probe.open(async ({ kit }) => {
      const { call, runs } = counted(kit);
      await call(metaOf("k", { actor: "user:1" }));
      expect(await call(metaOf("k", { actor: "key:1", bodyHash: "other" }))).toEqual(accept({ run: 2 }));
      expect(runs()).toBe(2);
    });
  });

  it("[KT43] an answer with a secret is never stored: its replay is 409 secret-already-shown", async () => {
    const probe = new Probe("secret");
    await probe.open(async ({ kit }) => {
      const { call } = counted(kit);
      expect(await call(metaOf("k"), () => accept({ secret: "hush-hush" }), true)).toEqual(accept({ secret: "hush-hush" }));
      expect(slugOf(await call(metaOf("k"), undefined, true))).toBe("secret-already-shown");
      const stored = kit.sql.exec("SELECT * FROM kit_record").toArray();
      expect(stored).toHaveLength(1);
      expect(JSON.stringify(stored)).not.toContain("hush");
      // A refusal shows no secret, so it is replayed as it was.
      await call(metaOf("r"), () => refuse("limit-reached", "too many"), true);
      expect(slugOf(await call(metaOf("r"), undefined, true))).toBe("limit-reached");
    });
  });

  it("[KT44] an answer of 64 KiB is replayed, a larger one is told apart", async () => {
    const probe = new Probe("large");
    await probe.open(async ({ kit }) => {
      const { call, runs } = counted(kit);
      const room = KIT_LIMITS.answerBytes - JSON.stringify(accept("")).length;
      await call(metaOf("fits"), () => accept("x".repeat(room)));
      expect(slugOf(await call(metaOf("fits")))).toBe("ok");
      await call(metaOf("large"), () => accept("x".repeat(room + 1)));
      expect(slugOf(await call(metaOf("large")))).toBe("conflict");
      expect(runs()).toBe(2);
    });
  });

  it("[KT45] after an answer that says to try again later, the same key runs again", async () => {
    const probe = new Probe("later");
    await probe.open(async ({ kit }) => {
      const { call } = counted(kit);
      await call(metaOf("k"), () => refuse("unavailable", "later"));
      await call(metaOf("k"), () => refuse("rate-limited", "later"));
      expect(await call(metaOf("k"))).toEqual(accept({ run: 3 }));
    });
  });

  it("[KT46] a twin that arrives while the first prepares is 409 in-progress", async () => {
    const probe = new Probe("twin");
    await probe.open(async ({ kit }) => {
      let finish = () => {};
      const gate = new Promise<void>((done) => {
        finish = done;
      });
      const first = kit.changeAfter(metaOf("k"), async () => await gate, () => accept("first")); // prettier-ignore
      await kit.ready();
      expect(slugOf(await kit.changeAfter(metaOf("k"), async () => {}, () => accept("twin")))).toBe("in-progress"); // prettier-ignore
      expect(slugOf(await kit.change(metaOf("k"), () => accept("twin")))).toBe("in-progress");
      expect(slugOf(await kit.change(metaOf("k", { actor: "user:2" }), () => accept("other")))).toBe("ok");
      finish();
      expect(await first).toEqual(accept("first"));
      expect(await kit.change(metaOf("k"), () => accept("late twin"))).toEqual(accept("first"));
    });
  });

  it("[KT46] when a preparation fails, nothing is remembered and the same key runs again", async () => {
    const probe = new Probe("prepare-fails");
    await probe.open(async ({ kit }) => {
      const failing = () => kit.changeAfter(metaOf("k"), () => Promise.reject(new Error("no disk")), () => accept(1)); // prettier-ignore
      await expect((async () => await failing())()).rejects.toThrow("no disk");
      expect(await kit.changeAfter(metaOf("k"), async () => 2, (two) => accept(two))).toEqual(accept(2)); // prettier-ignore
    });
  });

  it("[KT47] a record is replayed for 24 hours to the millisecond, and swept by the alarm", async () => {
    const probe = new Probe("sweep");
    await probe.open(async ({ kit }) => await counted(kit).call(metaOf("k")));
    expect(await probe.alarmAt()).toBe(START + KIT_LIMITS.replayMs);
    vi.setSystemTime(START + KIT_LIMITS.replayMs - 1);
    await probe.open(async ({ kit }) => expect(await counted(kit).call(metaOf("k"), () => accept("new"))).toEqual(accept({ run: 1 })));
    vi.setSystemTime(START + KIT_LIMITS.replayMs);
    // Expiry is looked at when read: safety does not wait for the sweep.
    await probe.open(async ({ kit }) => expect(await counted(kit).call(metaOf("k"), () => accept("new"))).toEqual(accept("new")));
    await probe.fireAlarm();
    expect(await probe.alarmAt()).toBe(START + 2 * KIT_LIMITS.replayMs);
    vi.setSystemTime(START + 2 * KIT_LIMITS.replayMs);
    await probe.evict();
    await probe.fireAlarm();
    await probe.open(({ kit }) => expect(kit.sql.exec("SELECT COUNT(*) AS n FROM kit_record").one().n).toBe(0));
    expect(await probe.alarmAt()).toBeNull();
  });

  it("[KT48] a key of 255 characters is taken, an empty or longer one is refused", async () => {
    const probe = new Probe("key-length");
    await probe.open(async ({ kit }) => {
      const { call } = counted(kit);
      expect(slugOf(await call(metaOf("x".repeat(KIT_LIMITS.keyChars))))).toBe("ok");
      expect(slugOf(await call(metaOf("x".repeat(KIT_LIMITS.keyChars + 1))))).toBe("bad-request");
      expect(slugOf(await call(metaOf("")))).toBe("bad-request");
    });
  });
});
