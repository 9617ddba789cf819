import { describe, expect, it, vi } from "vitest";
import { LIVE_LIMITS } from "../contract/live-codes.ts";
import type { LiveHandler } from "./live.ts";
import { LiveWorld, settle } from "./live-testing.ts";

function recorder(): LiveHandler & { readonly log: unknown[] } {
  const log: unknown[] = [];
  return {
    log,
    event: (event) => void log.push(event.offset),
    subscribed: (position, recovered) => void log.push(["subscribed", position.offset, recovered]),
    gap: () => void log.push("gap"),
    refused: (code) => void log.push(["refused", code]),
  };
}

describe("a subscription", () => {
  it("[LV46] passes each publication on once and in order, and says where some are missing", async () => {
    const world = new LiveWorld();
    const all = recorder();
    world.client.subscribe("metrics/all", all);
    const socket = await world.live();
    expect(socket.of("subscribe")).toMatchObject([{ channel: "metrics/all" }]);
    socket.confirm("metrics/all", 4);
    socket.batch("metrics/all", [4, 5, 6, 6, 5, 9]);
    socket.batch("metrics/other", [1]);
    socket.batch("metrics/all", [1, 2], {}, "e2");
    socket.batch("metrics/all", [], { coalesced: 1, gaps: ["metrics/all"] });
    expect(all.log).toEqual([["subscribed", 4, false], 5, 6, "gap", 9, "gap", 1, 2, "gap"]);
  });

  it("[LV45] is made again after a reconnect, from where it was", async () => {
    const world = new LiveWorld();
    const [all, web] = [recorder(), recorder()];
    world.client.subscribe("metrics/all", all);
    world.client.subscribe("metrics/web-1", web);
    const first = await world.live();
    first.confirm("metrics/all", 4);
    first.batch("metrics/all", [5]);
    first.close(4101);
    await world.forward(500);
    world.socket.welcome();
    expect(world.socket.of("subscribe")).toMatchObject([{ channel: "metrics/all", epoch: "e1", offset: 5 }, { channel: "metrics/web-1" }]);
    expect(world.socket.of("subscribe")[1]).not.toHaveProperty("epoch");
    world.socket.batch("metrics/all", [8]); // before the answer: of no connection of ours
    world.socket.confirm("metrics/all", 9, "e1", false);
    world.socket.batch("metrics/all", [10]);
    expect(all.log).toEqual([["subscribed", 4, false], 5, ["subscribed", 9, false], 10]);
  });

  it("[LV46] is shared by several handlers and ends with the last", async () => {
    const world = new LiveWorld();
    const [one, two] = [recorder(), recorder()];
    const socket = await world.live();
    const stopOne = world.client.subscribe("metrics/all", one);
    socket.confirm("metrics/all", 1);
    const stopTwo = world.client.subscribe("metrics/all", two);
    socket.batch("metrics/all", [2]);
    stopOne();
    socket.batch("metrics/all", [3]);
    stopTwo();
    stopTwo();
    socket.batch("metrics/all", [4]);
    expect([one.log, two.log]).toEqual([
      [["subscribed", 1, false], 2],
      [["subscribed", 1, false], 2, 3],
    ]);
    expect([socket.of("subscribe").length, socket.of("unsubscribe")]).toMatchObject([1, [{ channel: "metrics/all" }]]);
  });

  it("[LV45] given up and made again is not confused by the answer to the first", async () => {
    const world = new LiveWorld();
    const all = recorder();
    const socket = await world.live();
    world.client.subscribe("metrics/all", recorder())();
    const late = socket.of("subscribe")[0];
    world.client.subscribe("metrics/all", all);
    socket.send({ type: "subscribed", id: late?.id, channel: "metrics/all", epoch: "e1", offset: 1, recovered: false });
    expect(all.log).toEqual([]);
    socket.confirm("metrics/all", 2);
    expect(all.log).toEqual([["subscribed", 2, false]]);
  });

  it("[LV45] that the server cannot serve now is asked for again; one that it refuses is not", async () => {
    const world = new LiveWorld();
    const [all, secret] = [recorder(), recorder()];
    const socket = await world.live();
    world.client.subscribe("metrics/all", all);
    world.client.subscribe("metrics/secret", secret);
    const [first, second] = socket.of("subscribe");
    socket.send({ type: "error", id: first?.id, code: "unavailable", detail: "" });
    socket.send({ type: "error", id: second?.id, code: "forbidden", detail: "" });
    socket.send({ type: "error", code: "whatever", detail: "" });
    await world.forward(LIVE_LIMITS.interestRetryMs);
    expect(socket.of("subscribe").map((frame) => frame.channel)).toEqual(["metrics/all", "metrics/secret", "metrics/all"]);
    socket.confirm("metrics/all", 1);
    expect([all.log, secret.log]).toEqual([[["subscribed", 1, false]], [["refused", "forbidden"]]]);
  });

  it("[LV48] whose handler throws keeps nothing from the others", async () => {
    const world = new LiveWorld();
    const uncaught = vi.fn();
    vi.stubGlobal("queueMicrotask", (work: () => void) => {
      try {
        work();
      } catch (error) {
        uncaught(error);
      }
    });
    const good = recorder();
    world.client.subscribe("metrics/all", {
      event: () => {
        throw new Error("mine");
      },
    });
    world.client.subscribe("metrics/all", good);
    const socket = await world.live();
    socket.confirm("metrics/all", 1);
    socket.batch("metrics/all", [2, 3]);
    await settle();
    vi.unstubAllGlobals();
    expect([good.log, uncaught.mock.calls.length]).toEqual([[["subscribed", 1, false], 2, 3], 2]);
  });
});
