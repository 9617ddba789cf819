import { describe, expect, it } from "vitest";
import { LIVE_CLOSE, LIVE_LIMITS } from "../contract/live-codes.ts";
import { LiveWorld, settle } from "./live-testing.ts";

describe("acknowledging", () => {
  it("[LV40] happens one second after the first unacknowledged frame, or at once after 64", async () => {
    const world = new LiveWorld();
    const socket = await world.live();
    await world.forward(LIVE_LIMITS.ackEveryMs - 1);
    expect(socket.of("ack")).toEqual([]);
    await world.forward(1);
    expect(socket.of("ack")).toEqual([{ v: 1, type: "ack", n: 1 }]);
    for (let n = 0; n < LIVE_LIMITS.ackEveryFrames; n++) socket.batch("metrics/all", []);
    expect(socket.of("ack").at(-1)).toEqual({ v: 1, type: "ack", n: 65 });
    await world.forward(5_000);
    expect(socket.of("ack")).toHaveLength(2);
  });
});

describe("a probe", () => {
  it("[RM81] is each 256th frame: it is acknowledged at once, whatever was before", async () => {
    const world = new LiveWorld();
    const socket = await world.live();
    for (let n = 2; n < LIVE_LIMITS.probeEvery; n++) {
      socket.batch("metrics/all", []);
      if (n === 200) await world.forward(LIVE_LIMITS.ackEveryMs);
    }
    const before = socket.of("ack").length;
    socket.batch("metrics/all", []);
    expect(socket.of("ack").slice(before)).toEqual([{ v: 1, type: "ack", n: LIVE_LIMITS.probeEvery }]);
  });
});

describe("a connection", () => {
  it("[LV41] with a hole in its numbers is given up for a new one", async () => {
    const world = new LiveWorld();
    const socket = await world.live();
    socket.send({ type: "batch", events: [] }, 3);
    expect(socket.closedByClient).toBe(true);
    await world.forward(500);
    expect(world.sockets).toHaveLength(2);
  });

  it("[LV42] that is silent is pinged, and given up when nothing comes back", async () => {
    const world = new LiveWorld();
    const socket = await world.live();
    await world.forward(LIVE_LIMITS.pingEveryMs * 4);
    expect([socket.pings, socket.closedByClient]).toEqual([4, false]);
    socket.answersPings = false;
    await world.forward(LIVE_LIMITS.pingEveryMs + LIVE_LIMITS.pongWithinMs);
    expect([socket.pings, socket.closedByClient]).toEqual([5, true]);
    expect(world.status).toMatchObject({ light: "reconnecting" });
  });

  it("[LV42] that is never welcomed is given up", async () => {
    const world = new LiveWorld();
    world.client.connect();
    await settle();
    await world.forward(LIVE_LIMITS.pongWithinMs);
    expect(world.socket.closedByClient).toBe(true);
  });

  it("[LV41] takes frames of a newer server for what they are: nothing to it", async () => {
    const world = new LiveWorld();
    const socket = await world.live();
    for (const text of ["no json", "null", "7", '{"v":1,"type":"pong"}', '{"v":1,"type":"weather"}']) socket.raw(text);
    expect([socket.closedByClient, world.status.light]).toEqual([false, "live"]);
  });
});

describe("a goodbye", () => {
  it("[LV49] is taken for the close that follows it, whenever that comes", async () => {
    const world = new LiveWorld();
    const socket = await world.live();
    socket.send({ type: "goodbye", code: 4403, reason: "not yours" });
    expect([socket.closedByClient, world.status]).toMatchObject([true, { light: "offline", stopped: true, reason: "denied" }]);
    const said = world.statuses.length;
    socket.close(4403);
    expect([world.statuses.length, world.sockets.length]).toEqual([said, 1]);
  });
});

describe("reconnecting", () => {
  it("[LV43] waits with full jitter below a doubling bound, from the start again after a good connection", async () => {
    const world = new LiveWorld();
    world.random = 0.999_999;
    await world.live();
    const waits: number[] = [];
    for (let n = 0; n < 9; n++) {
      world.socket.close(1006);
      waits.push(world.status.light === "live" ? -1 : "inMs" in world.status ? world.status.inMs : -1);
      await world.forward(waits.at(-1) ?? 0);
    }
    expect(waits).toEqual([499, 999, 1_999, 3_999, 7_999, 15_999, 29_999, 29_999, 29_999]);
    world.socket.welcome();
    await world.forward(5_000);
    world.socket.close(1006);
    expect(world.status).toMatchObject({ light: "reconnecting", inMs: 499 });
  });

  it("[LV43] comes back within a second after a restart", async () => {
    const world = new LiveWorld();
    const socket = await world.live();
    await world.forward(10_000);
    world.random = 0.25;
    socket.send({ type: "goodbye", code: 1012, reason: "restart" });
    socket.close(1012);
    expect(world.status).toMatchObject({ light: "reconnecting", inMs: 250 });
  });

  it("[LV43] does not wait when it is told that the network is back", async () => {
    const world = new LiveWorld();
    await world.live();
    world.socket.close(1006);
    world.client.retryNow();
    world.client.retryNow();
    await settle();
    expect(world.sockets).toHaveLength(2);
    world.socket.welcome();
    world.client.retryNow();
    await world.forward(60_000);
    expect(world.sockets).toHaveLength(2);
  });

  it("[LV43] goes on when the socket cannot even be made", async () => {
    const world = new LiveWorld();
    world.refuseOpen = true;
    world.client.connect();
    await settle();
    expect(world.status).toMatchObject({ light: "reconnecting", inMs: 250 });
    world.refuseOpen = false;
    await world.forward(250);
    expect(world.sockets).toHaveLength(1);
  });

  it("[LV43] goes on when the ticket cannot be had", async () => {
    const world = new LiveWorld();
    world.refuseUrl = Object.assign(new Error("down"), { status: 503 });
    world.client.connect();
    await settle();
    expect(world.status).toMatchObject({ light: "reconnecting", inMs: 250 });
    world.refuseUrl = undefined;
    await world.forward(250);
    expect(world.sockets).toHaveLength(1);
  });
});

describe("a credential", () => {
  it("[LV44] that is refused is asked for once more, then the client stops", async () => {
    const world = new LiveWorld();
    const socket = await world.live();
    await world.forward(10_000);
    socket.close(4401);
    await world.forward(500);
    expect(world.urls).toBe(2);
    world.socket.close(4401);
    expect(world.status).toMatchObject({ light: "offline", stopped: true, reason: "unauthorized" });
    await world.forward(3_600_000);
    expect([world.urls, world.timers]).toEqual([2, 0]);
    world.client.connect();
    await settle();
    expect(world.urls).toBe(3);
  });

  it.each([
    [401, "unauthorized"],
    [403, "denied"],
  ])("[LV44] for which no ticket is given (%i) stops the client at once", async (status, reason) => {
    const world = new LiveWorld();
    world.refuseUrl = Object.assign(new Error("no"), { status });
    world.client.connect();
    await settle();
    expect(world.status).toMatchObject({ light: "offline", stopped: true, reason });
    expect(world.timers).toBe(0);
  });

  it.each([4403, 4404])("[LV44] that may not do this (%i) stops the client at once", async (code) => {
    const world = new LiveWorld();
    (await world.live()).close(code);
    expect(world.status).toMatchObject({ light: "offline", stopped: true, reason: "denied" });
  });
});

describe("the connection light", () => {
  it("[LV47] is live from the welcome, counts down while reconnecting, and is offline after 15 s", async () => {
    const world = new LiveWorld();
    expect(world.status).toMatchObject({ light: "offline", stopped: true, reason: "closed" });
    await world.live();
    expect(world.status).toEqual({ light: "live", since: world.now });
    const lost = world.now;
    world.socket.close(1006);
    expect(world.status).toEqual({ light: "reconnecting", inMs: 250, since: lost });
    await world.forward(250);
    expect(world.status).toEqual({ light: "reconnecting", inMs: 0, since: lost });
    world.random = 0;
    for (let n = 0; n < 6; n++) {
      await world.forward(3_000);
      world.socket.close(1006);
    }
    await world.forward(0);
    expect(world.status).toMatchObject({ light: "offline", since: lost, stopped: false, reason: "unreachable" });
    world.socket.welcome();
    expect(world.status).toMatchObject({ light: "live" });
  });

  it("[LV47] is off after close, whatever was under way", async () => {
    const world = new LiveWorld();
    world.client.connect();
    world.client.close();
    await settle();
    expect([world.sockets.length, world.status.light]).toEqual([0, "offline"]);
    const socket = await world.live();
    world.client.close();
    expect([socket.closedByClient, world.timers]).toEqual([true, 0]);
    socket.welcome();
    expect(world.status).toMatchObject({ light: "offline", stopped: true, reason: "closed" });
  });

  it("[LV47] is told to every listener until it leaves", async () => {
    const world = new LiveWorld();
    const lights: string[] = [];
    const stop = world.client.onStatus((status) => lights.push(status.light));
    await world.live();
    stop();
    world.client.close();
    expect(lights).toEqual(["offline", "reconnecting", "live"]);
  });
});

describe("frames that are the same for many", () => {
  it("[RM198] count as the next one without saying so, and a number left out closes with 4410", async () => {
    const world = new LiveWorld();
    const socket = await world.live();
    socket.raw(JSON.stringify({ v: 1, type: "batch", events: [] }));
    socket.send({ type: "error", code: "x", detail: "" }, 3);
    expect(world.status.light).toBe("live");
    await world.forward(LIVE_LIMITS.ackEveryMs);
    expect(socket.of("ack")).toMatchObject([{ n: 3 }]);
    socket.send({ type: "error", code: "x", detail: "" }, 5);
    expect([socket.closedByClient, socket.closeCode]).toEqual([true, LIVE_CLOSE.gap]);
  });

  it("[RM198] come in their order also when one has to be inflated first", async () => {
    const heard: string[] = [];
    const inflating: (() => void)[] = [];
    const world = new LiveWorld({
      inflate: async (bytes) => {
        await new Promise<void>((done) => inflating.push(done));
        return new TextDecoder().decode(bytes);
      },
    });
    world.client.onFrame((frame) => heard.push(frame.type === "batch" ? `batch ${frame.events.length}` : frame.type));
    const socket = await world.live();
    const shared = (frame: object): ArrayBuffer => new TextEncoder().encode(JSON.stringify({ v: 1, ...frame })).buffer;
    socket.binary(shared({ type: "batch", events: [{}, {}] }));
    socket.raw(JSON.stringify({ v: 1, type: "batch", events: [] }));
    socket.binary(shared({ type: "batch", events: [{}] }));
    await settle();
    expect(heard).toEqual(["welcome"]);
    inflating[1]?.();
    inflating[0]?.();
    await settle();
    await settle();
    expect(heard).toEqual(["welcome", "batch 2", "batch 0", "batch 1"]);
  });
});
