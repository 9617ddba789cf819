import { describe, expect, it } from "vitest";
import { LIVE_LIMITS } from "../../../contract/live-codes.ts";
import type { Publication } from "../../../contract/rpc/hub.ts";
import type { Priority } from "../../../contract/room-live.ts";
import { ROOM_LIMITS } from "../../../contract/room-limits.ts";
import { encodeEvents, encodePublication } from "../frames.ts";
import { Session } from "../session.ts";
import { admission, Bench } from "../testing.ts";

const NEWS = "topic/news";

function publication(offset: number, priority: Priority = "normal", data: unknown = offset): Publication {
  return { channel: NEWS, epoch: "e1", offset, type: "m", at: 1, data, after: offset - 1, ...(priority === "normal" ? {} : { priority }) };
}

/** A hub with a socket that follows the topic from its beginning. */
function following(): Bench {
  const bench = new Bench();
  bench.join("a", { actions: ["topics:read"] });
  bench.say("a", { type: "subscribe", id: "s", channel: NEWS });
  bench.do(bench.machine.followed(NEWS, { epoch: "e1", offset: 0, isPublic: false }, bench.now));
  bench.take("a");
  return bench;
}

function relay(bench: Bench, ...publications: Publication[]): string[] {
  const { effects, unknown } = bench.machine.relay(publications, bench.now);
  bench.do(effects);
  if (bench.flushInMs !== undefined) bench.flush();
  bench.now += LIVE_LIMITS.flushMs;
  return unknown;
}

describe("a follower of topics", () => {
  it("[TP6] loses only what is of low priority while it does not keep up, and is told how much", () => {
    const bench = following();
    for (let offset = 1; offset <= LIVE_LIMITS.unackedSoft; offset++) relay(bench, publication(offset));
    const behind = LIVE_LIMITS.unackedSoft;
    bench.take("a");
    relay(bench, publication(behind + 1, "low"), publication(behind + 2, "low"), publication(behind + 3, "critical"));
    expect(bench.take("a")).toMatchObject([
      { type: "degraded", channel: NEWS, shed: 2 },
      { type: "batch", events: [{ offset: behind + 3 }] },
    ]);
    relay(bench, publication(behind + 4, "low"));
    expect(bench.take("a")).toEqual([]);
    bench.say("a", { type: "ack", n: 10_000 });
    expect(bench.take("a")).toMatchObject([{ type: "degraded", shed: 1 }]);
    relay(bench, publication(behind + 5, "low"));
    expect(bench.take("a")).toMatchObject([{ type: "batch", events: [{ offset: behind + 5 }] }]);
  });

  it("[TP6] is closed with 4101 above 1 MiB unread, and not before", () => {
    const bench = following();
    const data = "x".repeat(64 * 1024 - 400);
    const frames = ROOM_LIMITS.unackedBytes / (64 * 1024);
    for (let offset = 1; offset <= frames; offset++) relay(bench, publication(offset, "normal", data));
    expect(bench.closed.get("a")).toBeUndefined();
    relay(bench, publication(frames + 1, "normal", data));
    expect(bench.closed.get("a")).toBe(4101);
  });

  it("[TP12] asks for a hole and passes nothing on before it has it; what cannot be had closes with 4410", () => {
    for (const answer of [
      { ok: true, epoch: "e1", offset: 1, publications: [publication(2), publication(3)] } as const,
      { ok: false, epoch: "e1", offset: 4, reason: "too-old" } as const,
    ]) {
      const bench = following();
      relay(bench, publication(1));
      bench.take("a");
      const { effects } = bench.machine.relay([publication(4)], bench.now);
      expect(effects).toEqual([{ type: "fetch", channel: NEWS, since: { epoch: "e1", offset: 1 } }]);
      bench.do(bench.machine.fetched(NEWS, answer, bench.now));
      if (answer.ok)
        expect(bench.take("a").flatMap((frame) => (frame.type === "batch" ? frame.events.map(({ offset }) => offset) : []))).toEqual([
          2, 3, 4,
        ]);
      else expect(bench.closed.get("a")).toBe(4410);
    }
  });

  it("[TP17] of a log that begins anew is closed with 4410", () => {
    const bench = following();
    relay(bench, publication(1));
    relay(bench, { ...publication(2), epoch: "e2" });
    expect(bench.closed.get("a")).toBe(4410);
  });

  it("[TP13] says of what nobody follows that nobody does", () => {
    const bench = following();
    expect(relay(bench, publication(1), { ...publication(1), channel: "topic/other" })).toEqual(["topic/other"]);
    bench.do(bench.machine.leave("a"));
    expect(relay(bench, publication(2))).toEqual([NEWS]);
  });

  it("[TP1] gives a socket nothing behind a hole of its own", () => {
    const session = new Session("a", admission());
    session.stand(NEWS, { epoch: "e1", offset: 0 });
    const give = (one: Publication) => session.deliver([encodePublication(one)], encodeEvents([encodePublication(one)]));
    expect(give(publication(1))).toHaveLength(1);
    expect(give(publication(1))).toEqual([]);
    expect(give(publication(3))).toBeUndefined();
    expect(give({ ...publication(2), epoch: "e2" })).toBeUndefined();
  });

  it("[TP1] takes for missed what was published while the home did not know of it", () => {
    const bench = new Bench();
    for (const id of ["a", "b"]) bench.join(id, { actions: ["topics:read"] });
    bench.say("a", { type: "subscribe", id: "s", channel: NEWS });
    relay(bench, publication(5)); // of an earlier time in which this hub was told
    bench.do(bench.machine.followed(NEWS, { epoch: "e1", offset: 9, isPublic: false }, bench.now));
    expect(bench.last("a")).toMatchObject({ type: "subscribed", offset: 9 });
    const text = JSON.stringify({ v: 1, type: "subscribe", id: "s", channel: NEWS, epoch: "e1", offset: 5 });
    const effects = bench.machine.receive("b", text, bench.now);
    expect(effects).toContainEqual({ type: "recall", channel: NEWS, socket: "b", since: { epoch: "e1", offset: 5 } });
  });

  it("[TP1] brings a socket to where the others are before it is one of them", () => {
    const bench = following();
    relay(bench, publication(1), publication(2), publication(3));
    bench.join("b", { actions: ["topics:read"] });
    bench.say("b", { type: "subscribe", id: "s", channel: NEWS, epoch: "e1", offset: 1 });
    relay(bench, publication(4));
    bench.take("b");
    const answer = { ok: true, epoch: "e1", offset: 1, publications: [publication(2), publication(3)] } as const;
    const effects = bench.machine.recalled(NEWS, "b", answer, bench.now);
    bench.do(effects);
    expect(effects).toContainEqual({
      type: "recall",
      channel: NEWS,
      socket: "b",
      since: expect.objectContaining({ epoch: "e1", offset: 3 }),
    });
    bench.do(bench.machine.recalled(NEWS, "b", { ...answer, offset: 3, publications: [publication(4)] }, bench.now));
    relay(bench, publication(5));
    const offsets = bench.take("b").flatMap((frame) => (frame.type === "batch" ? frame.events.map(({ offset }) => offset) : []));
    expect(offsets).toEqual([2, 3, 4, 5]);
  });
});
