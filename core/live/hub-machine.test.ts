import { describe, expect, it } from "vitest";
import { LIVE_LIMITS } from "../../contract/live-codes.ts";
import { Bench, NOW, admission, publication } from "./testing.ts";

describe("frames to a socket", () => {
  it("[LV1] begin with a welcome and are numbered without a hole, also over a sleep", () => {
    const bench = new Bench();
    bench.join("a", { credentialExpiresAt: NOW + 5_000 });
    expect(bench.last("a")).toMatchObject({ type: "welcome", n: 1, connectionId: "a", serverTime: NOW, credentialExpiresAt: NOW + 5_000 });
    bench.follow("a", "metrics/all");
    bench.sleep();
    bench.publish(publication("metrics/all", 1));
    bench.say("a", { type: "unsubscribe", id: "u", channel: "metrics/all" });
    expect(bench.take("a").map((frame) => [frame.n, frame.type])).toEqual([
      [1, "welcome"],
      [2, "subscribed"],
      [3, "batch"],
      [4, "unsubscribed"],
    ]);
  });

  it("[LV12] end with a goodbye that names the code of the close", () => {
    const bench = new Bench();
    bench.join("a");
    bench.say("a", { type: "nonsense" });
    expect(bench.last("a")).toMatchObject({ type: "goodbye", code: 4400 });
    expect(bench.closed.get("a")).toBe(4400);
  });

  it("[LV14] share one encoding of what several sockets get", () => {
    const bench = new Bench();
    let encodings = 0;
    const data = { toJSON: () => ++encodings };
    for (const id of ["a", "b", "c"]) {
      bench.join(id);
      bench.follow(id, "metrics/all");
    }
    bench.publish(publication("metrics/all", 1, "e1", data));
    expect(encodings).toBe(1);
    expect(new Set(bench.texts.slice(-3).map(({ text }) => text.slice(text.indexOf('"events"')))).size).toBe(1);
  });
});

describe("a subscription", () => {
  it("[LV2] says where it starts, and whether the client was exactly there while nothing could be missed", () => {
    const bench = new Bench();
    bench.join("a");
    bench.say("a", { type: "subscribe", id: "1", channel: "metrics/all", epoch: "e1", offset: 7 });
    bench.answer({ all: 7 });
    // The publisher stands there too, but nobody knows what it kept to itself while no hub followed.
    expect(bench.last("a")).toMatchObject({
      type: "subscribed",
      id: "1",
      channel: "metrics/all",
      epoch: "e1",
      offset: 7,
      recovered: false,
    });
    bench.publish(publication("metrics/all", 8));
    bench.join("b");
    for (const from of [{ epoch: "e1", offset: 7 }, { epoch: "e0", offset: 8 }, { epoch: "e1", offset: 9 }, {}]) {
      bench.say("b", { type: "subscribe", id: "2", channel: "metrics/all", ...from });
      expect(bench.last("b")).toMatchObject({ type: "subscribed", id: "2", offset: 8, recovered: false });
    }
    bench.say("b", { type: "subscribe", id: "3", channel: "metrics/all", epoch: "e1", offset: 8 });
    expect(bench.last("b")).toMatchObject({ type: "subscribed", id: "3", offset: 8, recovered: true });
  });

  it("[LV2] is not recovered over a time without the publisher's promise", () => {
    const bench = new Bench();
    bench.join("a");
    bench.follow("a", "metrics/all");
    bench.publish(publication("metrics/all", 1));
    bench.now += LIVE_LIMITS.interestMs;
    bench.do(bench.machine.interestDue(bench.now));
    bench.answer({ all: 1 });
    bench.join("b");
    bench.say("b", { type: "subscribe", id: "1", channel: "metrics/all", epoch: "e1", offset: 1 });
    expect(bench.last("b")).toMatchObject({ type: "subscribed", offset: 1, recovered: false });
  });

  it("[LV15] asks the publisher again after it was told that nobody follows anything", () => {
    const bench = new Bench();
    bench.join("a");
    bench.follow("a", "metrics/all");
    bench.follow("a", "metrics/web-1");
    bench.say("a", { type: "unsubscribe", id: "u", channel: "metrics/web-1" });
    // A publisher that heard 0 would stop sending metrics/all too.
    expect(bench.publish(publication("metrics/web-1", 1))).toBe(1);
    bench.say("a", { type: "unsubscribe", id: "u", channel: "metrics/all" });
    expect(bench.publish(publication("metrics/web-1", 2))).toBe(0);
    bench.join("b");
    bench.say("b", { type: "subscribe", id: "1", channel: "metrics/all" });
    expect(bench.asked).toMatchObject([{ topics: ["all"] }]);
  });

  it("[LV11] needs the action of its kind", () => {
    const bench = new Bench();
    bench.join("a", { actions: [] });
    bench.say("a", { type: "subscribe", id: "1", channel: "metrics/all" });
    expect(bench.last("a")).toMatchObject({ type: "error", id: "1", code: "forbidden" });
    bench.say("a", { type: "subscribe", id: "2", channel: "weather/tomorrow" });
    expect(bench.last("a")).toMatchObject({ type: "error", id: "2", code: "unknown-channel" });
    bench.say("a", { type: "subscribe", id: "3", channel: "constructor/x" });
    expect(bench.last("a")).toMatchObject({ type: "error", id: "3", code: "unknown-channel" });
    expect([bench.asked, bench.closed.size]).toEqual([[], 0]);
  });

  it("[LV16] gets what overtook the publisher's answer, and not what the answer already covers", () => {
    const bench = new Bench();
    bench.join("a");
    bench.say("a", { type: "subscribe", id: "1", channel: "metrics/all" });
    expect(bench.publish(publication("metrics/all", 5), publication("metrics/all", 6))).toBe(1);
    bench.answer({ all: 5 });
    expect(bench.take("a").slice(1)).toMatchObject([
      { type: "subscribed", offset: 5 },
      { type: "batch", events: [{ offset: 6 }] },
    ]);
  });

  it("[LV16] is not told what was published before it but arrives after the answer", () => {
    const bench = new Bench();
    bench.join("a");
    bench.follow("a", "metrics/all", 5);
    bench.publish(publication("metrics/all", 6));
    bench.now += LIVE_LIMITS.interestMs; // the lease is over: the publisher is asked anew
    bench.join("b");
    bench.say("b", { type: "subscribe", id: "1", channel: "metrics/all" });
    bench.answer({ all: 8 });
    bench.publish(publication("metrics/all", 7), publication("metrics/all", 8), publication("metrics/all", 9));
    expect(bench.last("a")).toMatchObject({ events: [{ offset: 7 }, { offset: 8 }, { offset: 9 }] });
    expect(bench.last("b")).toMatchObject({ events: [{ offset: 9 }] });
  });

  it("[LV4] hears a repeated publication once", () => {
    const bench = new Bench();
    bench.join("a");
    bench.follow("a", "metrics/all");
    for (const offset of [1, 1, 2, 1, 2]) {
      bench.now += 1_000;
      bench.publish(publication("metrics/all", offset));
    }
    const offsets = bench.take("a").flatMap((frame) => (frame.type === "batch" ? frame.events.map((event) => event.offset) : []));
    expect(offsets).toEqual([1, 2]);
  });

  it("[LV17] is refused as unavailable while the publisher is away; those who follow are looked after", () => {
    const bench = new Bench();
    bench.join("a");
    bench.follow("a", "metrics/all");
    bench.join("b");
    bench.say("b", { type: "subscribe", id: "1", channel: "metrics/web-1" });
    bench.do(bench.machine.interestFailed("metrics", bench.now));
    expect(bench.last("b")).toMatchObject({ type: "error", id: "1", code: "unavailable" });
    expect(bench.timers.get("interest")).toBe(NOW + LIVE_LIMITS.interestRetryMs);
    bench.asked.length = 0;
    bench.do(bench.machine.interestDue(bench.now));
    expect(bench.asked).toMatchObject([{ topics: ["all"] }]);
  });
});

describe("interest", () => {
  it("[LV15] is one call for everything followed, renewed at half its time, and ends with the last follower", () => {
    const bench = new Bench();
    bench.join("a");
    bench.say("a", { type: "subscribe", id: "1", channel: "metrics/all" });
    bench.say("a", { type: "subscribe", id: "2", channel: "metrics/web-1" });
    expect(bench.asked).toMatchObject([{ publisher: "metrics", topics: ["all"], untilMs: NOW + LIVE_LIMITS.interestMs }]);
    bench.answer();
    expect(bench.asked).toMatchObject([{ topics: ["all", "web-1"] }]);
    bench.answer();
    expect(bench.timers.get("interest")).toBe(NOW + LIVE_LIMITS.interestMs / 2);
    bench.join("b");
    bench.follow("b", "metrics/all");
    expect(bench.last("b")).toMatchObject({ type: "subscribed" });
    bench.now += 15_000;
    bench.do(bench.machine.interestDue(bench.now));
    bench.answer();
    expect(bench.timers.get("interest")).toBe(NOW + 30_000);
    bench.do(bench.machine.leave("b"));
    bench.say("a", { type: "unsubscribe", id: "3", channel: "metrics/web-1" });
    expect(bench.timers.has("interest")).toBe(true);
    bench.do(bench.machine.leave("a"));
    expect(bench.timers.size).toBe(0);
    expect(bench.publish(publication("metrics/all", 1))).toBe(0);
  });

  it("[LV28] is taken up by a hub that woke without a deadline for it", () => {
    const bench = new Bench();
    bench.join("a");
    bench.follow("a", "metrics/all");
    bench.timers.clear();
    bench.sleep();
    expect(bench.asked).toMatchObject([{ topics: ["all"] }]);
  });

  it("[LV28] a subscription that waited when the hub was evicted is answered afterwards", () => {
    const bench = new Bench();
    bench.join("a");
    bench.say("a", { type: "subscribe", id: "1", channel: "metrics/all" });
    bench.sleep();
    bench.answer({ all: 3 });
    expect(bench.last("a")).toMatchObject({ type: "subscribed", id: "1", offset: 3 });
  });
});

describe("pacing", () => {
  it("[LV13] sends at once after a quiet time, then together within 100 ms, and asks for no timer otherwise", () => {
    const bench = new Bench();
    bench.join("a");
    bench.follow("a", "metrics/all");
    bench.publish(publication("metrics/all", 1));
    expect([bench.last("a"), bench.flushInMs]).toMatchObject([{ type: "batch", events: [{ offset: 1 }] }, undefined]);
    bench.now += 40;
    bench.publish(publication("metrics/all", 2));
    expect(bench.flushInMs).toBe(60);
    bench.now += 30;
    bench.publish(publication("metrics/all", 3));
    bench.now += 30;
    bench.flush();
    expect(bench.take("a").at(-1)).toMatchObject({ events: [{ offset: 2 }, { offset: 3 }] });
    bench.flush();
    expect([bench.take("a"), bench.flushInMs]).toEqual([[], undefined]);
    bench.now += LIVE_LIMITS.flushMs;
    bench.publish(publication("metrics/all", 4));
    expect([bench.take("a").length, bench.flushInMs]).toEqual([1, undefined]);
  });
});

describe("credentials", () => {
  it("[LV18] are replaced by a refresh of the same actor only", () => {
    const bench = new Bench();
    bench.join("a", { credentialExpiresAt: NOW + 1_000 });
    bench.follow("a", "metrics/all");
    bench.say("a", { type: "refresh", token: "t" });
    expect(bench.verify).toEqual([{ type: "verify", socket: "a", token: "t" }]);
    bench.do(bench.machine.refreshed("a", null));
    expect(bench.last("a")).toMatchObject({ type: "error", code: "unauthorized" });
    bench.do(bench.machine.refreshed("a", admission({ actor: "user:other" })));
    expect(bench.last("a")).toMatchObject({ type: "error", code: "forbidden" });
    expect(bench.timers.get("expiry")).toBe(NOW + 1_000);
    bench.do(bench.machine.refreshed("a", admission({ credential: "session:s2", credentialExpiresAt: NOW + 9_000 })));
    expect(bench.last("a")).toMatchObject({ type: "refreshed", credentialExpiresAt: NOW + 9_000 });
    expect(bench.timers.get("expiry")).toBe(NOW + 9_000);
    bench.do(bench.machine.closeCredentials(["session:s1"]).effects);
    expect(bench.closed.size).toBe(0);
    bench.do(bench.machine.refreshed("a", admission({ actions: [] })));
    expect(bench.last("a")).toMatchObject({ type: "error", code: "forbidden" });
    expect(bench.publish(publication("metrics/all", 1))).toBe(0);
  });

  it("[LV19] that have ended close their sockets, by deadline or by the next frame", () => {
    const bench = new Bench();
    bench.join("a", { credentialExpiresAt: NOW + 1_000 });
    bench.join("b", { credentialExpiresAt: NOW + 2_000 });
    bench.join("c", { credentialExpiresAt: NOW + 2_000 });
    bench.follow("c", "metrics/all");
    expect(bench.timers.get("expiry")).toBe(NOW + 1_000);
    bench.sleep();
    bench.now += 1_000;
    bench.do(bench.machine.expire(bench.now));
    expect([...bench.closed]).toEqual([["a", 4401]]);
    expect(bench.timers.get("expiry")).toBe(NOW + 2_000);
    bench.now += 1_000;
    bench.say("b", { type: "ack", n: 1 });
    bench.publish(publication("metrics/all", 1));
    expect([...bench.closed.keys()]).toEqual(["a", "b", "c"]);
    expect(bench.timers.size).toBe(0);
  });

  it("[LV20] that are revoked close their sockets, by credential or by actor", () => {
    const bench = new Bench();
    bench.join("a");
    bench.join("b", { credential: "session:s2" });
    bench.join("c", { credential: "key:k1", actor: "key:k1" });
    bench.sleep();
    const revoke = (credential: string) => {
      const { effects, closed } = bench.machine.closeCredentials([credential, "session:none"]);
      bench.do(effects);
      return closed;
    };
    expect([revoke("key:k1"), revoke("session:s2"), revoke("user:u1")]).toEqual([1, 1, 1]);
    expect([...bench.closed]).toEqual([
      ["c", 4401],
      ["b", 4401],
      ["a", 4401],
    ]);
  });
});
