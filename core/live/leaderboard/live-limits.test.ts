import { describe, expect, it } from "vitest";
import { BOARD_SOCKET, RANK_PUSH } from "../../../contract/leaderboard-live.ts";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import type { ServerFrame } from "../../../contract/live.ts";
import { admission, NOW } from "../testing.ts";
import { BoardBench, ShownTop } from "./live-testing.ts";
import { UnreadBytes } from "../unread-bytes.ts";
import { BOARD_UNREAD } from "./live-session.ts";

describe("what a board takes of a socket", () => {
  const frameOf = (bytes: number) => JSON.stringify({ v: 1, type: "ack", n: 0 }).padEnd(bytes);

  it("[LB74] is frames of 4 KiB; one byte more closes with 4413", () => {
    const bench = new BoardBench();
    for (const id of ["a", "b", "c"]) bench.join(id);
    bench.do(bench.machine.receive("a", frameOf(BOARD_SOCKET.frameBytes), NOW));
    bench.do(bench.machine.receive("b", frameOf(BOARD_SOCKET.frameBytes + 1), NOW));
    bench.do(bench.machine.receive("c", new ArrayBuffer(8), NOW));
    expect([bench.closed.get("a"), bench.closed.get("b"), bench.closed.get("c")]).toEqual([undefined, 4413, 4400]);
    expect(bench.last("b")).toMatchObject({ type: "goodbye", code: 4413 });
  });

  it("[LB74] is 30 frames at once and ten a second; one more closes with 4429", () => {
    const bench = new BoardBench();
    bench.join("a");
    for (let n = 0; n < LEADERBOARD_LIMITS.frameBurst; n++) bench.acknowledge("a", 0);
    for (let second = 0; second < 3; second++) {
      bench.forward(1_000);
      for (let n = 0; n < LEADERBOARD_LIMITS.framesPerSecond; n++) bench.acknowledge("a", 0);
    }
    expect(bench.closed.size).toBe(0);
    bench.acknowledge("a", 0);
    expect(bench.closed.get("a")).toBe(4429);
  });

  it("[LB74] is 20 channels whose names fit what a sleep keeps", () => {
    const bench = new BoardBench();
    bench.join("a");
    for (let n = 0; n < LEADERBOARD_LIMITS.topics; n++) bench.follow("a", `rank/all/p${n}`);
    expect(bench.last("a")).toMatchObject({ type: "batch" });
    bench.forward(1_000);
    bench.follow("a", "rank/all/p0");
    expect(bench.last("a")).toMatchObject({ type: "batch" }); // one that it follows is not one more
    bench.follow("a", "top/all");
    expect(bench.last("a")).toMatchObject({ type: "error", code: "limit-reached" });
    bench.join("b");
    bench.follow("b", `rank/all/${"x".repeat(129)}`);
    expect(bench.last("b")).toMatchObject({ type: "error", code: "unknown-channel" });
  });

  it("[LB74] is 2,000 sockets; one more is refused before it opens", () => {
    const bench = new BoardBench();
    for (let n = 1; n < LEADERBOARD_LIMITS.sockets; n++) bench.join(`s${n}`);
    expect(bench.machine.refusal()).toBeUndefined();
    bench.join("last");
    expect(bench.machine.refusal()).toMatchObject({ slug: "socket-limit", retryAfterS: expect.any(Number) as number });
    bench.do(bench.machine.leave("s1"));
    expect(bench.machine.refusal()).toBeUndefined();
  });
});

describe("a reader that falls behind", () => {
  /** Bytes of frames as they went over the wire. */
  const bytesOf = (frames: readonly ServerFrame[]) =>
    frames.reduce((sum, frame) => sum + new TextEncoder().encode(JSON.stringify(frame)).byteLength, 0);

  /** A top whose every change is about a kilobyte. */
  function busy(): BoardBench {
    const bench = new BoardBench();
    bench.join("a");
    bench.follow("a", "top/all");
    bench.forward(1_000);
    return bench;
  }
  function stir(bench: BoardBench, n: number): void {
    for (let player = 0; player < 10; player++) bench.score(`player-${player}`, n * 100 + player);
    bench.forward(1_000);
  }

  it("[LB75] gets 64 KiB, then the newest top once it has caught up, and is told how many were left out", () => {
    const bench = busy();
    let n = 0;
    let sent = 0;
    do {
      sent = bench.frames.get("a")?.length ?? 0;
      stir(bench, ++n);
    } while ((bench.frames.get("a")?.length ?? 0) > sent);
    const frames = bench.take("a");
    const last = frames.at(-1);
    expect(bytesOf(frames)).toBeGreaterThan(BOARD_SOCKET.unackedBytes);
    expect(bytesOf(frames.slice(0, -1))).toBeLessThanOrEqual(BOARD_SOCKET.unackedBytes);
    for (let more = 0; more < 5; more++) stir(bench, ++n);
    expect(bench.take("a")).toEqual([]);
    bench.acknowledge("a", last?.n ?? 0);
    const [release] = bench.take("a");
    expect(release).toMatchObject({ type: "batch", n: (last?.n ?? 0) + 1, coalesced: 6 });
    const shown = new ShownTop();
    for (const event of release?.type === "batch" ? release.events : []) shown.apply(event.data as never); // a top push
    expect(shown.rows()).toEqual(bench.board.top({ window: "all", partition: undefined }).items);
    stir(bench, ++n);
    expect(bench.last("a")).not.toHaveProperty("coalesced");
  });

  it("[LB75] is closed with 4101 when 128 KiB were sent or would have been", () => {
    const bench = busy();
    let n = 0;
    while (bench.closed.size === 0 && n < 500) stir(bench, ++n);
    expect(bench.closed.get("a")).toBe(4101);
    expect(bench.last("a")).toMatchObject({ type: "goodbye", code: 4101 });
    expect(n).toBeGreaterThan(100);
    // Nor does it escape by asking instead of reading.
    bench.join("b");
    for (n = 0; bench.closed.get("b") === undefined && n < 5_000; n++) {
      bench.forward(1_000);
      bench.say("b", { type: "unsubscribe", id: "x".repeat(60), channel: "top/all" });
    }
    expect(bench.closed.get("b")).toBe(4101);
  });

  it("[LB75] gets the rank that is true then, and hears which feeds have gaps, also after a sleep", () => {
    const bench = new BoardBench();
    for (let n = 1; n <= 200; n++) bench.board.move("all", `p${n}`, 1_000_000 - n, bench.now);
    bench.player("a", "p150");
    for (const channel of ["rank/all", "feed/all", "top/all"]) bench.follow("a", channel);
    let n = 0;
    while (bench.last("a")?.n === undefined || bench.frames.get("a")?.length !== n) {
      n = bench.frames.get("a")?.length ?? 0;
      for (let player = 0; player < 10; player++) bench.score(`new-${player}`, 2_000_000 + bench.now + player);
      bench.forward(1_000);
    }
    const last = bench.take("a").at(-1);
    for (let player = 1; player <= RANK_PUSH.change; player++) bench.score(`p${150 + player}`, 1_500_000 + player);
    bench.forward(3_000);
    expect(bench.take("a")).toEqual([]);
    bench.sleep();
    bench.acknowledge("a", last?.n ?? 0);
    bench.forward(3_000);
    const frames = bench.take("a").filter((frame) => frame.type === "batch");
    const { rank } = bench.board.standing({ window: "all", partition: undefined }, "p150");
    expect(frames[0]?.gaps).toEqual(["feed/all"]);
    expect(frames.flatMap(({ events }) => events).find(({ channel }) => channel === "rank/all")).toMatchObject({ data: { rank } });
  });

  it("[LB75] is counted in bytes exactly by its newest acknowledgement, and never in its favour by another", () => {
    const unread = new UnreadBytes(BOARD_UNREAD);
    const went = (bytes: number) => {
      unread.next();
      unread.went(bytes);
    };
    went(BOARD_SOCKET.unackedBytes);
    expect(unread.verdict).toBe("send");
    went(1);
    expect(unread.verdict).toBe("coalesce");
    unread.acknowledge(1);
    expect(unread.verdict).toBe("send");
    went(BOARD_SOCKET.unackedHardBytes - 1);
    expect(unread.verdict).toBe("coalesce");
    expect(UnreadBytes.of(unread.kept(), BOARD_UNREAD).kept()).toEqual(unread.kept());
    unread.withhold(1);
    expect(unread.verdict).toBe("close");
    unread.acknowledge(99);
    expect([unread.verdict, unread.next()]).toEqual(["send", 4]);
    for (let n = 0; n < 1_000; n++) went(100);
    expect(unread.kept().marks.length).toBeLessThan(30);
    unread.acknowledge(500);
    const { bytes, ackedBytes } = unread.kept();
    expect(bytes - ackedBytes).toBeGreaterThanOrEqual(50_000);
    expect(bytes - ackedBytes).toBeLessThan(50_000 + 5_000);
  });
});

describe("a board's credentials", () => {
  it("[LB79] close their sockets when they are revoked, by credential, actor and group", () => {
    const bench = new BoardBench();
    bench.join("a", { actor: "key:k1", credential: "key:k1" });
    bench.join("b", { actor: "subject:s", credential: "token:t", groups: ["subjects", "issuer:minted"], player: "s" });
    bench.join("c", { actor: "user:u", credential: "session:s" });
    const close = (name: string) => {
      const { effects, closed } = bench.machine.closeCredentials([name]);
      bench.do(effects);
      return closed;
    };
    expect([close("key:k2"), close("key:k1"), close("key:k1"), close("issuer:minted"), close("user:u")]).toEqual([0, 1, 0, 1, 1]);
    expect([...bench.closed.values()]).toEqual([4401, 4401, 4401]);
    expect(bench.machine.sockets).toBe(0);
  });

  it("[LB79] end by their own deadline, which is the only thing armed and goes with the last socket", () => {
    const bench = new BoardBench();
    bench.join("a", { credentialExpiresAt: NOW + 5_000 });
    bench.join("b", { credentialExpiresAt: NOW + 9_000 });
    expect(bench.expiry).toBe(NOW + 5_000);
    bench.now = NOW + 5_000;
    bench.do(bench.machine.expire(bench.now));
    expect([bench.closed.get("a"), bench.closed.get("b"), bench.expiry]).toEqual([4401, undefined, NOW + 9_000]);
    bench.do(bench.machine.leave("b"));
    expect(bench.expiry).toBeNull();
    bench.join("c", { credentialExpiresAt: bench.now + 1 });
    bench.now += 1;
    bench.acknowledge("c", 0);
    expect(bench.closed.get("c")).toBe(4401);
  });

  it("[LB78] are replaced by a refresh of the same actor, and lose the channels they may not follow", () => {
    const bench = new BoardBench();
    bench.join("a", { actions: ["leaderboards:read", "leaderboards:manage"] });
    for (const channel of ["stats/live", "top/all"]) bench.follow("a", channel);
    bench.say("a", { type: "refresh", token: "t" });
    expect(bench.verify).toMatchObject([{ socket: "a", token: "t" }]);
    bench.do(bench.machine.refreshed("a", null));
    expect(bench.last("a")).toMatchObject({ type: "error", code: "unauthorized" });
    bench.do(bench.machine.refreshed("a", admission({ actor: "user:other" })));
    expect(bench.last("a")).toMatchObject({ type: "error", code: "forbidden" });
    bench.take("a");
    bench.do(bench.machine.refreshed("a", admission({ actions: ["leaderboards:read"] })));
    expect(bench.take("a")).toMatchObject([{ type: "refreshed" }, { type: "error", code: "forbidden" }]);
    bench.score("ann", 5);
    bench.forward(2_000);
    expect(bench.take("a").flatMap((frame) => (frame.type === "batch" ? frame.events.map(({ channel }) => channel) : []))).toEqual([
      "top/all",
    ]);
    bench.say("a", { type: "auth", token: "t" });
    expect(bench.last("a")).toMatchObject({ type: "error", code: "already-authenticated" });
  });

  it("[LB79] lose their sockets with 4404 when the board is removed", () => {
    const bench = new BoardBench();
    for (const id of ["a", "b"]) bench.join(id);
    bench.do(bench.machine.gone());
    expect([...bench.closed.values()]).toEqual([4404, 4404]);
  });
});
