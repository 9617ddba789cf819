import { describe, expect, it } from "vitest";
import * as z from "zod";
import { type AuthData, clientFrameSchema, serverFrameSchema } from "../../contract/live.ts";
import type { Admission } from "../../contract/rpc/hub.ts";
import type { SocketEffect } from "./effects.ts";
import { FrameMeter } from "./frame-meter.ts";
import type { Reply } from "./frames.ts";
import { HeldCredential } from "./held-credential.ts";
import { HubMachine } from "./hub-machine.ts";
import { type FollowFrame, type LiveSession, SocketMachine } from "./socket-machine.ts";
import { admission, NOW } from "./testing.ts";
import { UnreadBytes, type UnreadKept, utf8Bytes } from "./unread-bytes.ts";

const UNREAD = { softBytes: 1024 * 1024, hardBytes: 1024 * 1024 };
const LIMITS = { sockets: 3, frameBytes: 64 * 1024, framesPerSecond: 20, frameBurst: 40, malformedPerMinute: 10 };
const sayFrame = z.strictObject({
  v: z.literal(1),
  type: z.literal("say"),
  clientId: z.string().max(64),
  text: z.string(),
  "a/b": z.never().optional(),
});
const frames = z.discriminatedUnion("type", [...clientFrameSchema.options, sayFrame]);

class Talker implements LiveSession {
  readonly id: string;
  readonly held: HeldCredential;
  readonly meter: FrameMeter;
  readonly unread: UnreadBytes;

  constructor(id: string, held: HeldCredential, meter = new FrameMeter(), unread = new UnreadBytes(UNREAD)) {
    this.id = id;
    this.held = held;
    this.meter = meter;
    this.unread = unread;
  }

  get hopeless(): boolean {
    return this.unread.verdict === "close";
  }

  reply(reply: Reply): string {
    const text = JSON.stringify({ v: 1, n: this.unread.next(), ...reply });
    this.unread.went(utf8Bytes(text));
    return text;
  }

  acknowledge(n: number): void {
    this.unread.acknowledge(n);
  }

  encode(): string {
    return JSON.stringify({ id: this.id, faults: this.meter.kept(), unread: this.unread.kept() });
  }
}

/** A machine of sockets that say things to themselves. */
class Talk {
  readonly said: string[] = [];
  readonly asked: AuthData[] = [];
  readonly left: string[] = [];
  sockets = this.#make();
  now = NOW;

  #make() {
    return new SocketMachine<Talker, FollowFrame | z.infer<typeof sayFrame>>({
      limits: LIMITS,
      full: { slug: "overloaded", detail: "Full." },
      frames,
      admitted: (id, who) => new Talker(id, new HeldCredential(who.actor, who)),
      decode: (attachment) => {
        const { id, faults, unread } = JSON.parse(attachment) as { id: string; faults: number[]; unread: UnreadKept };
        return new Talker(id, new HeldCredential("user:u1", admission()), new FrameMeter(faults), UnreadBytes.of(unread, UNREAD));
      },
      handle: (session, frame) => {
        if (frame.type === "say") this.said.push(frame.text);
        else this.sockets.fail(session, frame.id, "unknown-channel", "None here.");
      },
      acknowledged: () => undefined,
      asked: (_session, data) => this.asked.push(data),
      replaced: () => undefined,
      left: ({ id }) => this.left.push(id),
    });
  }

  join(id: string, changed: Partial<Admission> = {}): SocketEffect[] {
    this.sockets.join(id, admission(changed), this.now);
    return this.sockets.done();
  }

  say(id: string, frame: object | string): SocketEffect[] {
    this.sockets.receive(id, typeof frame === "string" ? frame : JSON.stringify({ v: 1, ...frame }), this.now);
    return this.sockets.done();
  }

  sleep(attachments: readonly string[]): void {
    this.sockets = this.#make();
    this.sockets.restore(attachments, null);
  }
}

function texts(effects: readonly SocketEffect[]): z.infer<typeof serverFrameSchema>[] {
  return effects.flatMap((effect) => (effect.type === "send" ? [serverFrameSchema.parse(JSON.parse(effect.text))] : []));
}
function codes(effects: readonly SocketEffect[]): number[] {
  return effects.flatMap((effect) => (effect.type === "close" ? [effect.code] : []));
}

describe("a malformed frame where some are borne", () => {
  it.each([
    [
      { type: "say", clientId: "c1", text: 5 },
      { ref: "c1", pointer: "/text" },
    ],
    [
      { type: "say", clientId: "c1", text: "x", more: 1 },
      { ref: "c1", pointer: "/more" },
    ],
    [
      { type: "say", clientId: "c1", text: "x", "a/b": 1 },
      { ref: "c1", pointer: "/a~1b" },
    ],
    [
      { type: "subscribe", id: "s1", channel: "x" },
      { id: "s1", pointer: "/channel" },
    ],
    [
      { type: "shout", ref: "r1" },
      { ref: "r1", pointer: "/type" },
    ],
    [{ type: "say", clientId: "x".repeat(65), text: "x" }, { pointer: "/clientId" }],
    ["[]", { pointer: "" }],
    ["{", { pointer: "" }],
  ])("[LV60] is answered with what is wrong with it: %j", (frame, answer) => {
    const talk = new Talk();
    talk.join("a");
    const effects = talk.say("a", frame);
    expect(codes(effects)).toEqual([]);
    const [error] = texts(effects);
    expect(error).toEqual({ v: 1, type: "error", n: 2, code: "invalid-frame", detail: expect.any(String) as string, ...answer });
    talk.say("a", { type: "say", clientId: "c", text: "still here" });
    expect(talk.said).toEqual(["still here"]);
  });

  const bad = { type: "say" };

  it("[LV60] closes with 4400 when it is the tenth in a minute, and not when it is the tenth in more", () => {
    const talk = new Talk();
    talk.join("a");
    for (let n = 0; n < 9; n++) expect(codes(talk.say("a", bad))).toEqual([]);
    talk.now += 60_000;
    for (let n = 0; n < 9; n++) expect(codes(talk.say("a", bad))).toEqual([]);
    talk.now += 59_999;
    const effects = talk.say("a", bad);
    expect(codes(effects)).toEqual([4400]);
    expect(texts(effects).at(-1)).toMatchObject({ type: "goodbye", code: 4400 });
    expect(talk.left).toEqual(["a"]);
  });

  it("[LV60] is remembered over a sleep, and one from before the clock was set back too", () => {
    const talk = new Talk();
    talk.join("a");
    let kept = "";
    for (let n = 0; n < 9; n++) for (const effect of talk.say("a", bad)) if (effect.type === "save") kept = effect.attachment;
    talk.sleep([kept]);
    talk.now -= 30_000;
    expect(codes(talk.say("a", bad))).toEqual([4400]);
  });

  it("[LV60] in binary is borne too, but none that is too large", () => {
    const talk = new Talk();
    talk.join("a");
    talk.sockets.receive("a", new ArrayBuffer(8), talk.now);
    expect(texts(talk.sockets.done())).toMatchObject([{ type: "error", code: "invalid-frame" }]);
    const say = JSON.stringify({ v: 1, type: "say", clientId: "c", text: "" });
    expect(codes(talk.say("a", say.padEnd(LIMITS.frameBytes)))).toEqual([]);
    expect(talk.said).toEqual([""]);
    expect(codes(talk.say("a", say.padEnd(LIMITS.frameBytes + 1)))).toEqual([4413]);
  });
});

describe("what a socket asks for", () => {
  it("[LV61] is told to a machine that has something to give, and no mistake where there is nothing", () => {
    const talk = new Talk();
    talk.join("a");
    expect(talk.say("a", { type: "options", data: { deflate: true } })).toEqual([]);
    expect(talk.asked).toEqual([{ deflate: true }]);
    const hub = new HubMachine();
    hub.join("a", admission(), NOW);
    expect(hub.receive("a", '{"v":1,"type":"options","data":{"deflate":true}}', NOW)).toEqual([]);
    expect(hub.sockets).toBe(1);
  });
});

describe("a reader that is counted in bytes", () => {
  it("[LV62] goes with 4101 when it has asked for more than it has read, and leaves nothing behind", () => {
    const talk = new Talk();
    talk.join("a");
    let effects: SocketEffect[] = [];
    let bytes = 0;
    const big = { type: "subscribe", id: "x".repeat(64), channel: "none/x" };
    for (let n = 0; n < 20_000 && codes(effects).length === 0; n++) {
      bytes += texts(effects).reduce((sum, frame) => sum + JSON.stringify(frame).length, 0);
      talk.now += 1_000;
      effects = talk.say("a", big);
    }
    expect(codes(effects)).toEqual([4101]);
    expect(bytes).toBeGreaterThan(UNREAD.hardBytes - 1_000);
    expect(bytes).toBeLessThanOrEqual(UNREAD.hardBytes);
    expect([talk.sockets.size, talk.left]).toEqual([0, ["a"]]);
    expect(talk.say("a", big)).toEqual([]);
  });

  it("[LV62] leaves at most 33 places for a sleep, however much may be unread", () => {
    const unread = new UnreadBytes(UNREAD);
    for (let n = 0; unread.verdict === "send"; n++) {
      unread.next();
      unread.went(100 + (n % 7) * 1_000);
    }
    expect(unread.kept().marks.length).toBeLessThanOrEqual(33);
    expect(unread.kept().marks.length).toBeGreaterThan(25);
  });
});

describe("a machine's sockets", () => {
  it("[LV63] are so many and no more", () => {
    const talk = new Talk();
    for (const id of ["a", "b"]) talk.join(id);
    expect(talk.sockets.refusal()).toBeUndefined();
    talk.join("c");
    expect(talk.sockets.refusal()).toMatchObject({ slug: "overloaded" });
  });

  it("[LV63] move the deadline of credentials forwards only as they come, and let go of it with the last one", () => {
    const talk = new Talk();
    const deadlines = (effects: readonly SocketEffect[]) => effects.flatMap((effect) => (effect.type === "expiry" ? [effect.at] : []));
    expect(deadlines(talk.join("a", { credentialExpiresAt: NOW + 5_000 }))).toEqual([NOW + 5_000]);
    expect(deadlines(talk.join("b", { credentialExpiresAt: NOW + 9_000 }))).toEqual([]);
    expect(deadlines(talk.join("c", { credentialExpiresAt: NOW + 1_000 }))).toEqual([NOW + 1_000]);
    talk.sockets.expire(NOW + 1_000);
    const effects = talk.sockets.done();
    expect([codes(effects), deadlines(effects)]).toEqual([[4401], [NOW + 5_000]]);
    talk.sockets.leave("a");
    talk.sockets.leave("b");
    expect(deadlines(talk.sockets.done())).toEqual([null]);
  });
});
