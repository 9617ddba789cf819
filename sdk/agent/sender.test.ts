import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import type { Batch } from "./batch.ts";
import type { PostOutcome } from "./post.ts";
import { Problems } from "./problems.ts";
import { Sender } from "./sender.ts";
import { Spool } from "./spool.ts";
import { batchNamed, memoryLog, nameOf, settled, temporaryFolder, VirtualTime } from "./testing.ts";

const ACCEPTED: PostOutcome = { kind: "accepted", rejected: undefined };
const AWAY: PostOutcome = { kind: "away", reason: "no connection (ECONNREFUSED)", retryAfterMs: undefined };

/** A sender before a scripted server: `answer` may be changed while it runs; a promise is a slow server. */
function senderWith(folder: string, random = 0.5, time = new VirtualTime()) {
  const log = memoryLog();
  const problems = new Problems(log);
  const spool = new Spool({ folder, maxBytes: 1 << 20 });
  const server = { answer: (): PostOutcome | Promise<PostOutcome> => ACCEPTED, tried: [] as string[], atMs: [] as number[] };
  const post = async (batch: Batch): Promise<PostOutcome> => {
    server.tried.push(nameOf(batch) ?? "");
    server.atMs.push(time.monoMs());
    return await server.answer();
  };
  const sender = new Sender({ post, spool, clock: time, timers: time, random: () => random, log, problems });
  return { sender, spool, server, time, log, problems };
}

function later(): { promise: Promise<PostOutcome>; settle: (outcome: PostOutcome) => void } {
  let settle: (outcome: PostOutcome) => void = () => undefined;
  const promise = new Promise<PostOutcome>((resolve) => (settle = resolve));
  return { promise, settle };
}

describe("Sender", () => {
  it("[AG64] sends at once and never touches the spool while the server answers", async () => {
    using folder = temporaryFolder();
    const { sender, spool, server, log } = senderWith(folder.path);
    for (const name of ["a", "b", "c"]) {
      sender.take(batchNamed(name));
      expect(spool.bytes).toBe(0);
      await settled();
    }
    expect(server.tried).toEqual(["a", "b", "c"]);
    expect(log.lines).toEqual([]);
  });

  it("[AG64] spools while the server is away and drains oldest first, in pace, when it is back", async () => {
    using folder = temporaryFolder();
    const { sender, spool, server, time, log } = senderWith(folder.path);
    server.answer = () => AWAY;
    for (const name of ["a", "b", "c", "d"]) {
      sender.take(batchNamed(name));
      await time.advance(5_000);
    }
    expect(spool.batches).toBe(4);
    expect(new Set(server.tried)).toEqual(new Set(["a"]));
    server.answer = () => ACCEPTED;
    const before = server.tried.length;
    await time.advance(60_000);
    expect(server.tried.slice(before)).toEqual(["a", "b", "c", "d"]);
    expect(spool.batches).toBe(0);
    const gaps = server.atMs.slice(before + 1).map((at, i) => at - (server.atMs[before + i] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(50);
    expect(log.lines).toEqual([
      "warning: server: away, batches go to the spool: no connection (ECONNREFUSED)",
      expect.stringMatching(/^the server takes batches again after \d+ s, 3 to catch up$/),
      "the spool is empty, all batches are sent",
    ]);
  });

  it("[AG64] a batch that comes while another is on its way waits behind it, on disk", async () => {
    using folder = temporaryFolder();
    const { sender, spool, server, time } = senderWith(folder.path);
    const slow = later();
    server.answer = () => slow.promise;
    sender.take(batchNamed("a"));
    expect(spool.batches).toBe(0);
    sender.take(batchNamed("b"));
    expect(spool.batches).toBe(2);
    server.answer = () => ACCEPTED;
    slow.settle(ACCEPTED);
    await time.advance(1_000);
    expect(server.tried).toEqual(["a", "b"]);
    expect(spool.batches).toBe(0);
  });

  it("[AG65] tries again with full jitter under a bound that doubles up to half a minute", async () => {
    for (const random of [0.01, 0.999]) {
      using folder = temporaryFolder();
      const { sender, server, time } = senderWith(folder.path, random);
      server.answer = () => AWAY;
      sender.take(batchNamed("a"));
      const waits: number[] = [];
      for (let i = 0; i < 8; i++) {
        await settled();
        const wait = time.nextInMs ?? -1;
        waits.push(wait);
        await time.advance(wait);
      }
      const bounds = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000];
      expect(waits).toEqual(bounds.map((bound) => Math.floor(bound * random)));
    }
  });

  it("[AG65] waits as long as Retry-After says, with jitter on top, and a nudge does not shorten it", async () => {
    using folder = temporaryFolder();
    const { sender, server, time } = senderWith(folder.path, 0.5);
    server.answer = () => ({ kind: "away", reason: "503", retryAfterMs: 40_000 });
    sender.take(batchNamed("a"));
    await settled();
    expect(time.nextInMs).toBe(40_500);
    sender.nudge();
    await time.advance(40_499);
    expect(server.tried).toHaveLength(1);
    await time.advance(1);
    expect(server.tried).toHaveLength(2);
  });

  it("[AG65] looks again after ten minutes whatever Retry-After says", async () => {
    using folder = temporaryFolder();
    const { sender, server, time } = senderWith(folder.path, 0);
    server.answer = () => ({ kind: "away", reason: "503", retryAfterMs: 1e12 });
    sender.take(batchNamed("a"));
    await settled();
    expect(time.nextInMs).toBe(600_000);
  });

  it("[AG65] a nudge brings the next try forward, still spread over two seconds", async () => {
    using folder = temporaryFolder();
    const { sender, server, time } = senderWith(folder.path, 0.75);
    server.answer = () => AWAY;
    sender.take(batchNamed("a"));
    for (let i = 0; i < 6; i++) await time.advance(time.nextInMs ?? 0);
    server.answer = () => ACCEPTED;
    sender.nudge();
    expect(time.nextInMs).toBe(1_500);
    await time.advance(1_500);
    expect(sender.state).toBe("sending");
  });

  it("[AG66] drops a batch that the server will never take, says so once, and goes on with the next", async () => {
    using folder = temporaryFolder();
    const { sender, spool, server, log, problems, time } = senderWith(folder.path);
    server.answer = () => ({ kind: "refused", reason: "400 invalid-body: the body is no JSON" });
    for (const name of ["a", "b"]) {
      sender.take(batchNamed(name));
      await settled();
    }
    server.answer = () => ACCEPTED;
    sender.take(batchNamed("c"));
    await settled();
    expect(server.tried).toEqual(["a", "b", "c"]);
    expect([spool.batches, sender.refused, sender.state]).toEqual([0, 2, "sending"]);
    expect(log.lines).toEqual(["warning: batch dropped: 400 invalid-body: the body is no JSON"]);
    expect(problems.lines(time.monoMs())).toEqual(["batch dropped: 400 invalid-body: the body is no JSON"]);
  });

  it("[AG66] a refused batch within the spool does not block those behind it", async () => {
    using folder = temporaryFolder();
    const { sender, server, time, spool } = senderWith(folder.path);
    server.answer = () => AWAY;
    for (const name of ["bad", "good"]) sender.take(batchNamed(name));
    await settled();
    server.answer = () => (server.tried.at(-1) === "bad" ? { kind: "refused", reason: "422" } : ACCEPTED);
    await time.advance(60_000);
    expect(server.tried.slice(-2)).toEqual(["bad", "good"]);
    expect(spool.batches).toBe(0);
  });

  it("[AG67] keeps spooling while the key is refused, tries every quarter minute at most, and catches up when the key is good again", async () => {
    using folder = temporaryFolder();
    const { sender, spool, server, time, log } = senderWith(folder.path, 0);
    server.answer = () => ({ kind: "unauthorized", reason: "401 unauthenticated: the key is revoked" });
    for (let i = 0; i < 12; i++) {
      sender.take(batchNamed(String(i)));
      await time.advance(5_000);
    }
    expect(spool.batches).toBe(12);
    expect(server.tried).toHaveLength(5);
    sender.nudge();
    expect(time.nextInMs).toBe(15_000);
    server.answer = () => ACCEPTED;
    await time.advance(30_000);
    expect(spool.batches).toBe(0);
    expect(log.lines[0]).toBe("warning: key: refused, batches go to the spool: 401 unauthenticated: the key is revoked");
    expect(log.lines).toHaveLength(3);
  });

  it("[AG68] lets batches go that are older than the server accepts, before sending them", async () => {
    using folder = temporaryFolder();
    const { sender, server, time, spool } = senderWith(folder.path);
    server.answer = () => AWAY;
    sender.take(batchNamed("old", time.wallMs() - 1));
    sender.take(batchNamed("kept", time.wallMs() + 60_000));
    await settled();
    time.jumpWall(METRIC_LIMITS.pastMs);
    server.answer = () => ACCEPTED;
    await time.advance(60_000);
    expect(server.tried.filter((name) => name === "kept")).toHaveLength(1);
    expect(server.tried.lastIndexOf("old")).toBe(0);
    expect([sender.tooOld, spool.batches]).toEqual([1, 0]);
  });

  it("[AG69] a stop waits for the batch on its way, and no longer than it is told", async () => {
    using folder = temporaryFolder();
    const { sender, spool, server, time } = senderWith(folder.path);
    const slow = later();
    server.answer = () => slow.promise;
    sender.take(batchNamed("a"));
    const stopping = sender.close(3_000);
    slow.settle(ACCEPTED);
    await stopping;
    expect(spool.batches).toBe(0);

    using second = temporaryFolder();
    const hung = senderWith(second.path, 0.5, time);
    hung.server.answer = () => new Promise(() => undefined);
    hung.sender.take(batchNamed("b"));
    const closed = hung.sender.close(3_000);
    await time.advance(3_000);
    await closed;
    expect(nameOf(hung.spool.peek())).toBe("b");
  });

  it("[AG69] after a stop everything that comes is kept and nothing is sent", async () => {
    using folder = temporaryFolder();
    const { sender, spool, server, time } = senderWith(folder.path);
    await sender.close(0);
    sender.take(batchNamed("late"));
    await time.advance(60_000);
    expect(server.tried).toEqual([]);
    expect(nameOf(spool.peek())).toBe("late");
  });

  it("[AG64] nothing is lost, doubled or out of order, whatever the server answers and when", async () => {
    let aways = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom("ok", "away", "throttled", "key"), fc.nat({ max: 20_000 })), { maxLength: 30 }),
        async (steps) => {
          using folder = temporaryFolder();
          const { sender, server, time, spool } = senderWith(folder.path, 0.4);
          const stored: string[] = [];
          let mood = "ok";
          server.answer = () => {
            if (mood === "ok") {
              stored.push(server.tried.at(-1) ?? "");
              return ACCEPTED;
            }
            aways++;
            if (mood === "key") return { kind: "unauthorized", reason: "401" };
            return { kind: "away", reason: mood, retryAfterMs: mood === "throttled" ? 3_000 : undefined };
          };
          const made: string[] = [];
          for (const [next, ms] of steps) {
            mood = next;
            made.push(String(made.length));
            sender.take(batchNamed(made.at(-1) ?? ""));
            await time.advance(ms);
          }
          mood = "ok";
          await time.advance(1_000_000);
          expect(stored).toEqual(made);
          expect(spool.batches).toBe(0);
        },
      ),
      { seed: 64, numRuns: 40 },
    );
    expect(aways).toBeGreaterThan(50);
  });
});
