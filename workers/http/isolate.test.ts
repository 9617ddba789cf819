import { createExecutionContext } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { TenantRpc } from "../../contract/rpc/tenant.ts";
import { Lru } from "./lru.ts";
import { tenantOf } from "./objects.ts";
import { SingleFlight } from "./single-flight.ts";
import { edgeEnv } from "./testing.ts";

afterEach(() => void vi.useRealTimers());

describe("what an isolate remembers", () => {
  it("[HT52] forgets the least recently used beyond its size, and each entry at its time", () => {
    const cache = new Lru<number>(2);
    cache.set("a", 1, 100);
    cache.set("b", 2, 100);
    expect(cache.get("a", 0)).toBe(1);
    cache.set("c", 3, 50);
    expect([cache.get("a", 49), cache.get("b", 49), cache.get("c", 49), cache.size]).toEqual([1, undefined, 3, 2]);
    expect([cache.get("c", 50), cache.get("a", 99), cache.get("a", 100)]).toEqual([undefined, 1, undefined]);
  });

  it("[HT52] forgets the least recently used beyond its weight, and never the newest", () => {
    const cache = new Lru<string>(10, 100);
    cache.set("a", "a", 100, 40);
    cache.set("b", "b", 100, 60);
    expect([cache.get("b", 0), cache.get("a", 0)]).toEqual(["b", "a"]);
    cache.set("c", "c", 100, 1);
    expect([cache.get("a", 0), cache.get("b", 0), cache.get("c", 0)]).toEqual(["a", undefined, "c"]);
    cache.set("a", "lighter", 100, 10);
    cache.set("d", "d", 100, 90);
    expect([cache.get("a", 0), cache.get("c", 0), cache.get("d", 0)]).toEqual(["lighter", undefined, "d"]);
    cache.set("huge", "huge", 100, 1_000);
    expect([cache.size, cache.get("huge", 0)]).toEqual([1, "huge"]);
    cache.clear();
    cache.set("e", "e", 100, 100);
    cache.delete("e");
    cache.set("f", "f", 100, 50);
    cache.set("g", "g", 100, 50);
    expect(cache.size).toBe(2);
  });

  it("[HT52] reads once for all who ask at the same time, and again after a failure", async () => {
    const flight = new SingleFlight<number>();
    const ctx = createExecutionContext();
    let reads = 0;
    const ok = async () => ++reads;
    expect(await Promise.all([flight.run("k", ctx, ok), flight.run("k", ctx, ok), flight.run("other", ctx, ok)])).toEqual([1, 1, 2]);
    const fail = async () => await Promise.reject(new Error(`failure ${++reads}`));
    const failures = await Promise.allSettled([flight.run("k", ctx, fail), flight.run("k", ctx, fail)]);
    expect(failures.map((failure) => failure.status === "rejected" && String(failure.reason))).toEqual([
      "Error: failure 3",
      "Error: failure 3",
    ]);
    expect(await flight.run("k", ctx, ok)).toBe(4);
  });

  it("[HT52] a read whose request was ended holds up the others for a second, then they read themselves", async () => {
    vi.useFakeTimers();
    const flight = new SingleFlight<string>();
    const ctx = { waitUntil: () => undefined };
    void flight.run("k", ctx, async () => await new Promise<never>(() => undefined));
    const waiting = flight.run("k", ctx, async () => "own read");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await waiting).toBe("own read");
  });
});

describe("calls to objects", () => {
  const RETRYABLE = Object.assign(new Error("moved"), { retryable: true });

  /** A namespace whose stubs fail so many times; each stub is counted. */
  function failing(times: number, error: Error) {
    const made = { stubs: 0 };
    const stub = async () => {
      if (made.stubs <= times) throw error;
      return 7;
    };
    const TENANT = { getByName: () => (made.stubs++, { keysVersion: stub, createKey: stub, audit: stub } as unknown as TenantRpc) };
    const call = { env: { ...edgeEnv, TENANT }, principal: { tenantId: "t" } };
    return { made, call };
  }
  const meta = { requestId: "r", actor: "system", actorName: "system" };
  const keyed = { ...meta, idempotency: { key: "k", route: "r", bodyHash: "h" } };

  it("[HT53] a read is tried again with a fresh stub each time", async () => {
    const { made, call } = failing(2, RETRYABLE);
    expect(await tenantOf(call).keysVersion()).toBe(7);
    expect(made.stubs).toBe(3);
  });

  it("[HT53] an overloaded object is left alone, and so is one with a fault", async () => {
    for (const error of [Object.assign(new Error("busy"), { retryable: true, overloaded: true }), new Error("fault")]) {
      const { made, call } = failing(1, error);
      await expect((async () => await tenantOf(call).keysVersion())()).rejects.toThrow(error.message);
      expect(made.stubs).toBe(1);
    }
  });

  it("[HT53] a change is made once, unless the object knows it again by its Idempotency-Key", async () => {
    const plain = failing(1, RETRYABLE);
    await expect((async () => await tenantOf({ ...plain.call, meta }).createKey({ name: "k", scopes: [] }, meta))()).rejects.toThrow(
      "moved",
    );
    expect(plain.made.stubs).toBe(1);
    const again = failing(1, RETRYABLE);
    await tenantOf({ ...again.call, meta: keyed }).createKey({ name: "k", scopes: [] }, keyed);
    expect(again.made.stubs).toBe(2);
    const note = failing(1, RETRYABLE);
    await expect((async () => await tenantOf({ ...note.call, meta: keyed }).audit([], keyed))()).rejects.toThrow("moved");
    expect(note.made.stubs).toBe(1);
  });
});
