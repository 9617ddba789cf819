import type { ServerFrame } from "../../contract/live.ts";
import { serverFrameSchema } from "../../contract/live.ts";
import type { Admission, Publication } from "../../contract/rpc/hub.ts";
import type { HubEffect } from "./effects.ts";
import type { HubReport } from "./hub-figures.ts";
import { HubMachine } from "./hub-machine.ts";

export const NOW = 1_000_000;

export function admission(changed: Partial<Admission> = {}): Admission {
  return {
    v: 1,
    actor: "user:u1",
    credential: "session:s1",
    actions: ["metrics:read"],
    checkedAt: NOW,
    credentialExpiresAt: null,
    ticket: null,
    ...changed,
  };
}

export function publication(channel: string, offset: number, epoch = "e1", data: unknown = offset): Publication {
  return { channel, epoch, offset, type: "test", at: NOW, data };
}

/** A machine with its effects sorted by kind; every frame is held against the contract. */
export class Bench {
  machine = new HubMachine();
  now = NOW;
  readonly frames = new Map<string, ServerFrame[]>();
  readonly texts: { socket: string; text: string }[] = [];
  readonly attachments = new Map<string, string>();
  readonly closed = new Map<string, number>();
  readonly timers = new Map<string, number>();
  readonly asked: Extract<HubEffect, { type: "interest" }>[] = [];
  readonly verify: Extract<HubEffect, { type: "verify" }>[] = [];
  readonly reports: HubReport[] = [];
  flushInMs: number | undefined;

  do(effects: readonly HubEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case "send": {
          if (this.closed.has(effect.socket)) throw new Error("sent after the close");
          const frame = serverFrameSchema.parse(JSON.parse(effect.text));
          this.frames.set(effect.socket, [...(this.frames.get(effect.socket) ?? []), frame]);
          this.texts.push({ socket: effect.socket, text: effect.text });
          break;
        }
        case "save":
          this.attachments.set(effect.socket, effect.attachment);
          break;
        case "close":
          this.closed.set(effect.socket, effect.code);
          this.attachments.delete(effect.socket);
          break;
        case "timer":
          if (effect.at === null) this.timers.delete(effect.name);
          else this.timers.set(effect.name, effect.at);
          break;
        case "expiry":
          if (effect.at === null) this.timers.delete("expiry");
          else this.timers.set("expiry", effect.at);
          break;
        case "interest":
          this.asked.push(effect);
          break;
        case "verify":
          this.verify.push(effect);
          break;
        case "report":
          this.reports.push(this.machine.takeReport("hub/0", this.now));
          break;
        case "flush":
          this.flushInMs = effect.inMs;
          break;
        case "follow":
        case "fetch":
        case "recall":
        case "publish":
          break; // of topics: their own tests look at them
      }
    }
  }

  join(id: string, changed: Partial<Admission> = {}): void {
    this.do(this.machine.join(id, admission(changed), this.now));
  }

  say(id: string, frame: object): void {
    this.do(this.machine.receive(id, JSON.stringify({ v: 1, ...frame }), this.now));
  }

  publish(...publications: Publication[]): number {
    const { effects, subscribers } = this.machine.publish(publications, this.now);
    this.do(effects);
    return subscribers;
  }

  /** Answers the oldest question of the machine. */
  answer(positions: Record<string, number> = {}, epoch = "e1"): void {
    const question = this.asked.shift();
    if (!question) throw new Error("nothing was asked");
    const { publisher, topics, untilMs } = question;
    const answers = topics.map((topic) => ({ topic, epoch, offset: positions[topic] ?? 0 }));
    this.do(this.machine.positions(publisher, topics, untilMs, answers, this.now));
  }

  follow(id: string, channel: string, offset = 0): void {
    this.say(id, { type: "subscribe", id: "f", channel });
    if (this.asked.length > 0) this.answer({ [channel.slice(channel.indexOf("/") + 1)]: offset });
  }

  flush(): void {
    this.flushInMs = undefined;
    this.do(this.machine.flush(this.now));
  }

  /** The hub sleeps and wakes: only attachments and deadlines remain. */
  sleep(): void {
    this.machine = new HubMachine();
    this.asked.length = 0;
    this.flushInMs = undefined;
    this.do(this.machine.restore(this.attachments.values(), Object.fromEntries(this.timers), this.now));
  }

  /** Frames since the last look. */
  take(id: string): ServerFrame[] {
    const frames = this.frames.get(id) ?? [];
    this.frames.set(id, []);
    return frames;
  }

  last(id: string): ServerFrame | undefined {
    return this.frames.get(id)?.at(-1);
  }
}
