import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { accept } from "../../contract/problems.ts";
import { createKvStore } from "./kv-store.ts";
import { createKit, type Migration } from "./object-kit.ts";
import { metaOf, Probe, settled } from "./testing.ts";

const THINGS: readonly Migration[] = [{ id: 1, name: "things", additive: true, up: "CREATE TABLE thing (name TEXT)" }];
const count = (sql: SqlStorage) => sql.exec("SELECT COUNT(*) AS n FROM thing").one().n;

describe("address", () => {
  it("[KT1] an object knows its address, also after an eviction, and keeps it in storage", async () => {
    const probe = new Probe("address a/b");
    const address = { tenantId: "platform", kind: "attempts", name: "x" };
    const named = new Probe("x");
    await named.open(({ kit }) => expect(kit.address).toEqual(address));
    await named.evict();
    await named.open(({ kit }) => {
      expect(kit.address).toEqual(address);
      expect(kit.sql.exec("SELECT value FROM kit_meta WHERE key = 'address'").one().value).toBe("platform/attempts/x");
    });
    // Not a name that an address makes: too many parts.
    await expect((async () => await probe.open(() => undefined))()).rejects.toThrow("without a name");
  });

  it("[KT1] an object of another kind, or without a name, refuses", async () => {
    const stub = env.ATTEMPTS.getByName("platform/hub/1");
    const kitEnv = { EVENTS: env.EVENTS, ARCHIVE: env.ARCHIVE };
    await runInDurableObject(stub, async (_instance, state) => {
      const kit = createKit(state, kitEnv, { kind: "attempts", migrations: [] });
      await expect((async () => await kit.ready())()).rejects.toThrow("an object of kind hub was asked to be attempts");
    });
    await runInDurableObject(env.ATTEMPTS.get(env.ATTEMPTS.newUniqueId()), async (_instance, state) => {
      const kit = createKit(state, kitEnv, { kind: "attempts", migrations: [] });
      await expect((async () => await kit.ready())()).rejects.toThrow("without a name");
    });
  });

  it.each([
    ["sql", {}],
    ["kv", { store: createKvStore }],
  ])("[KT2] the first init of a registered object on %s tells the registry once, with its schema", async (kind, options) => {
    const probe = new Probe(`registered-${kind}`, { registered: true, migrations: THINGS, ...options });
    await probe.open(() => undefined);
    await probe.evict();
    await probe.open(settled);
    expect(probe.queue.messages).toMatchObject([
      {
        seq: 1,
        tenantId: "platform",
        source: `platform/attempts/registered-${kind}`,
        type: "meridian.object.created",
        subject: `object/platform/attempts/registered-${kind}`,
        data: { tenant: "platform", kind: "attempts", name: `registered-${kind}`, jurisdiction: null },
      },
    ]);
  });

  it("[KT2] an object that is not registered emits nothing", async () => {
    const probe = new Probe("unregistered");
    await probe.open(({ kit }) => expect(kit.outbox.status().depth).toBe(0));
    await settled();
    expect(probe.queue.messages).toEqual([]);
  });
});

describe("the init gate", () => {
  it("[KT3] every entry point waits for one init", async () => {
    let loads = 0;
    const probe = new Probe("gate", {
      migrations: THINGS,
      load: async () => {
        loads += 1;
        await settled();
      },
    });
    await probe.run(async ({ kit }) => {
      await Promise.all([kit.ready(), kit.read(() => count(kit.sql)), kit.change(metaOf(), () => accept(1)), kit.alarm()]);
    });
    expect(loads).toBe(1);
  });

  it("[KT4] a failed load refuses every entry point, saves nothing, and a later call may succeed", async () => {
    let broken = true;
    const probe = new Probe("load-fails", {
      migrations: THINGS,
      load: () => {
        if (broken) throw new Error("cannot read");
      },
    });
    await probe.run(async ({ kit }) => {
      await expect((async () => await kit.read(() => 1))()).rejects.toThrow("cannot read");
      const insert = () => {
        kit.sql.exec("INSERT INTO thing VALUES ('x')");
        return accept("done");
      };
      expect(await kit.change(metaOf("k"), insert)).toMatchObject({ ok: false, problem: { slug: "unavailable", retryAfterS: 5 } });
      expect(await kit.changeAfter(metaOf("k"), async () => 1, insert)).toMatchObject({ ok: false });
      expect(() => kit.transaction(() => 1)).toThrow("not open");
      broken = false;
      expect(await kit.change(metaOf("k"), insert)).toEqual(accept("done"));
      expect(count(kit.sql)).toBe(1);
    });
  });

  it("[KT4] an alarm that meets a failed init comes back", async () => {
    const probe = new Probe("alarm-load-fails", {
      load: () => {
        throw new Error("cannot read");
      },
    });
    await probe.run(async ({ kit, state }) => {
      await kit.alarm();
      expect(await state.storage.getAlarm()).toBeGreaterThan(Date.now());
    });
  });

  it("[KT3] a timer named like one of the kit's own is refused", async () => {
    const probe = new Probe("reserved", { timers: { "kit:mine": () => undefined } });
    await expect((async () => await probe.run(() => undefined))()).rejects.toThrow("belong to the kit");
  });
});

describe("changes", () => {
  it("[KT5] state, timer, event and answer are undone together by a throw", async () => {
    const probe = new Probe("undo", { migrations: THINGS });
    await probe.open(async ({ kit }) => {
      const failing = kit.change(metaOf("k"), (now) => {
        kit.sql.exec("INSERT INTO thing VALUES ('x')");
        kit.timers.set("soon", now + 1_000);
        kit.outbox.emit({ type: "meridian.agent.connected", subject: "agent/1", data: {} });
        throw new Error("half way");
      });
      await expect((async () => await failing)()).rejects.toThrow("half way");
      expect([count(kit.sql), kit.timers.get("soon"), kit.outbox.status().depth]).toEqual([0, undefined, 0]);
      expect(await kit.change(metaOf("k"), () => accept("again"))).toEqual(accept("again"));
    });
    await settled();
    expect(probe.queue.messages).toEqual([]);
  });

  it("[KT5] a refusal is committed like an answer", async () => {
    const probe = new Probe("refusal", { migrations: THINGS });
    await probe.open(async ({ kit }) => {
      await kit.change(metaOf(), () => {
        kit.sql.exec("INSERT INTO thing VALUES ('denied')");
        return { ok: false, problem: { slug: "conflict", detail: "no" } };
      });
      expect(count(kit.sql)).toBe(1);
    });
  });

  it("[KT6] a transaction is synchronous, and an inner one shares the fate of the outer", async () => {
    const probe = new Probe("sync", { migrations: THINGS });
    await probe.open(({ kit }) => {
      const insert = () => kit.sql.exec("INSERT INTO thing VALUES ('x')");
      expect(() => kit.transaction(async () => void insert())).toThrow("synchronous");
      const outer = () =>
        kit.transaction(() => {
          kit.transaction(insert);
          throw new Error("outer");
        });
      expect(outer).toThrow("outer");
      expect(count(kit.sql)).toBe(0);
    });
  });

  it("[KT7] the kit's clock is the platform's plus the offset, and alarms are armed at due minus offset", async () => {
    const day = 86_400_000;
    const probe = new Probe("offset", {}, { CLOCK_OFFSET_MS: String(day) });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2031, 0, 1) });
    try {
      await probe.open(async ({ kit, state }) => {
        expect(kit.now()).toBe(Date.UTC(2031, 0, 2));
        kit.timers.set("x", kit.now() + 5_000);
        expect(await state.storage.getAlarm()).toBe(Date.UTC(2031, 0, 1) + 5_000);
      });
    } finally {
      vi.useRealTimers();
    }
  });
});
