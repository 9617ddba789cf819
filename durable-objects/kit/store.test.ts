import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createKvStore } from "./kv-store.ts";
import { createSqlStore } from "./sql-store.ts";
import type { KitStore } from "./store.ts";

const IMPLEMENTATIONS: readonly (readonly [string, (storage: DurableObjectStorage) => KitStore])[] = [
  ["sql", createSqlStore],
  ["kv", createKvStore],
];
const LAST = Number.MAX_SAFE_INTEGER;

describe.each(IMPLEMENTATIONS)("the %s store", (kind, create) => {
  async function open(name: string, work: (store: KitStore) => void): Promise<void> {
    const stub = env.ATTEMPTS.getByName(`platform/attempts/store-${kind}-${name}`);
    await runInDurableObject(stub, (_instance, { storage }) => {
      const store = create(storage);
      store.ledger.open();
      for (const step of store.migrations) store.apply(step.up);
      work(store);
    });
  }

  it("[KT15] keeps the ledgers of the kit and of the object apart", async () => {
    await open("ledger", (store) => {
      store.ledger.add("kit", { id: 1, name: "kit", hash: "a", additive: true });
      for (const id of [2, 1, 10]) store.ledger.add("object", { id, name: `step ${id}`, hash: `hash ${id}`, additive: id === 1 });
      expect(store.ledger.list("kit")).toEqual([{ id: 1, name: "kit", hash: "a", additive: true }]);
      const steps = store.ledger.list("object").toSorted((a, b) => a.id - b.id);
      expect(steps.map((step) => [step.id, step.additive])).toEqual([[1, true], [2, false], [10, false]]); // prettier-ignore
    });
  });

  it("[KT15] keeps named values", async () => {
    await open("meta", (store) => {
      expect(store.meta.get("address")).toBeUndefined();
      store.meta.put("address", "a/b/c");
      store.meta.put("address", "d/e/f");
      expect(store.meta.get("address")).toBe("d/e/f");
    });
  });

  it("[KT15] keeps one row per timer", async () => {
    await open("timers", (store) => {
      store.timers.put({ name: "a", dueAt: 5, failures: 0 });
      store.timers.put({ name: "a", dueAt: 7, failures: 2 });
      store.timers.put({ name: "b", dueAt: 1, failures: 0 });
      store.timers.delete("b");
      store.timers.delete("never");
      expect(store.timers.list()).toEqual([{ name: "a", dueAt: 7, failures: 2 }]);
    });
  });

  it("[KT31] never gives a sequence number twice, not even after the newest row was deleted", async () => {
    await open("seq", (store) => {
      expect([store.outbox.append(1, "a"), store.outbox.append(2, "b")]).toEqual([1, 2]);
      store.outbox.delete([1, 2]);
      expect(store.outbox.append(3, "c")).toBe(3);
    });
  });

  it("[KT94] leaves out sequence numbers when told to, before the first event and after", async () => {
    await open("skip", (store) => {
      store.outbox.skip(1_000);
      expect(store.outbox.append(1, "a")).toBe(1_001);
      store.outbox.skip(10);
      expect(store.outbox.append(2, "b")).toBe(1_012);
      expect(store.outbox.pending(9, LAST).map((row) => row.seq)).toEqual([1_001, 1_012]);
    });
  });

  it("[KT15] lists rows that wait by sequence number, and tells the unsent from those sent before a time", async () => {
    await open("outbox", (store) => {
      for (let at = 1; at <= 12; at++) store.outbox.append(at, `body ${at}`);
      expect(store.outbox.oldestSentAt()).toBeNull();
      store.outbox.markSent([1, 2, 99], 100);
      store.outbox.markSent([3], 200);
      expect(store.outbox.pending(3, -1).map((row) => row.seq)).toEqual([4, 5, 6]);
      expect(store.outbox.pending(20, 100).map((row) => row.seq)).toEqual([1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
      expect(store.outbox.pending(1, LAST)).toEqual([{ seq: 1, at: 1, body: "body 1" }]);
      expect(store.outbox.oldestSentAt()).toBe(100);
      expect(store.outbox.status()).toEqual({ depth: 12, oldestAt: 1 });
      store.outbox.delete([1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
      expect([store.outbox.hasPending(-1), store.outbox.hasPending(199), store.outbox.hasPending(200)]).toEqual([false, false, true]);
      store.outbox.delete([3]);
      expect(store.outbox.status()).toEqual({ depth: 0, oldestAt: null });
    });
  });

  it("[KT15] handles more rows in one call than the platform binds parameters", async () => {
    await open("many", (store) => {
      const seqs = Array.from({ length: 250 }, (_, i) => store.outbox.append(i, "x"));
      store.outbox.markSent(seqs, 5);
      expect(store.outbox.hasPending(-1)).toBe(false);
      store.outbox.delete(seqs);
      expect(store.outbox.status().depth).toBe(0);
    });
  });

  it("[KT15] keeps records by actor and key, and sweeps the old ones in slices", async () => {
    await open("records", (store) => {
      const base = { route: "r", bodyHash: "h", answer: null, withheld: null };
      expect(store.records.oldestAt()).toBeNull();
      for (let at = 1; at <= 5; at++) store.records.put({ ...base, actor: "a", key: String(at), at });
      store.records.put({ ...base, actor: "b", key: "1", at: 9, answer: "{}", withheld: "size" });
      store.records.put({ ...base, actor: 'a","1', key: "", at: 10 });
      expect(store.records.get("b", "1")).toEqual({ ...base, actor: "b", key: "1", at: 9, answer: "{}", withheld: "size" });
      expect(store.records.get("a", "1")?.at).toBe(1);
      expect(store.records.get("c", "1")).toBeUndefined();
      expect(store.records.oldestAt()).toBe(1);
      expect(store.records.sweep(4, 3)).toBe(3);
      expect(store.records.sweep(4, 3)).toBe(1);
      expect(store.records.sweep(4, 3)).toBe(0);
      expect(store.records.oldestAt()).toBe(5);
    });
  });

  it("[KT15] undoes everything of a transaction that throws, a savepoint alone when only it throws", async () => {
    await open("undo", (store) => {
      const failing = () =>
        store.transaction(() => {
          store.meta.put("m", "1");
          store.timers.put({ name: "t", dueAt: 1, failures: 0 });
          store.outbox.append(1, "x");
          throw new Error("no");
        });
      expect(failing).toThrow("no");
      expect([store.meta.get("m"), store.timers.list(), store.outbox.status().depth]).toEqual([undefined, [], 0]);
      store.transaction(() => {
        store.meta.put("outer", "1");
        expect(failing).toThrow("no");
      });
      expect([store.meta.get("outer"), store.meta.get("m")]).toEqual(["1", undefined]);
    });
  });
});
