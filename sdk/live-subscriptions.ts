import type { ClientFrame, Envelope, ServerFrame } from "../contract/live.ts";
import type { LiveFrame, LiveHandler, LivePosition } from "./live-types.ts";

interface Subscription {
  readonly channel: string;
  readonly handlers: Set<LiveHandler>;
  /** The id of the newest subscribe frame; answers to an older one are ignored. */
  id: string;
  /** The last publication seen, also of an earlier connection. */
  position: LivePosition | undefined;
  /** Whether the server confirmed it on this connection. */
  confirmed: boolean;
  cancelRetry: (() => void) | undefined;
}

/** Answers to a subscribe that pass by themselves. */
const PASSING: ReadonlySet<string> = new Set(["unavailable"]);

/**
 * The channels a client follows: what is sent for them on every connection, and which publications their handlers get:
 * each once, in order, with a call of `gap` where some are missing.
 */
export class Subscriptions {
  readonly #send: (frame: ClientFrame) => void;
  readonly #later: (work: () => void) => () => void;
  readonly #byChannel = new Map<string, Subscription>();
  #connected = false;
  #ids = 0;

  /** @param later runs work after a pause; the answer cancels it */
  constructor(send: (frame: ClientFrame) => void, later: (work: () => void) => () => void) {
    this.#send = send;
    this.#later = later;
  }

  add(channel: string, handler: LiveHandler): () => void {
    let subscription = this.#byChannel.get(channel);
    if (subscription) {
      subscription.handlers.add(handler);
      const { confirmed, position } = subscription;
      if (confirmed && position) guard(() => handler.subscribed?.(position, false));
    } else {
      subscription = { channel, handlers: new Set([handler]), id: "", position: undefined, confirmed: false, cancelRetry: undefined };
      this.#byChannel.set(channel, subscription);
      if (this.#connected) this.#ask(subscription);
    }
    const joined = subscription;
    return () => this.#remove(joined, handler);
  }

  /** A new connection stands: subscribe to everything again, from where it was left. */
  connected(): void {
    this.#connected = true;
    for (const subscription of this.#byChannel.values()) this.#ask(subscription);
  }

  disconnected(): void {
    this.#connected = false;
    for (const subscription of this.#byChannel.values()) {
      subscription.confirmed = false;
      subscription.cancelRetry?.();
      subscription.cancelRetry = undefined;
    }
  }

  take(frame: LiveFrame): void {
    switch (frame.type) {
      case "subscribed":
        this.#confirm(frame);
        return;
      case "batch":
        for (const event of frame.events) this.#deliver(event);
        for (const channel of "gaps" in frame ? (frame.gaps ?? []) : []) this.#tell(channel, (handler) => handler.gap?.());
        return;
      case "error":
        this.#refuse(frame);
        return;
      case "welcome":
      case "refreshed":
      case "unsubscribed":
      case "goodbye":
      case "ack":
      case "typing":
      case "presence":
      case "receipts":
      case "conflict":
      case "degraded":
        return;
    }
  }

  #remove(subscription: Subscription, handler: LiveHandler): void {
    subscription.handlers.delete(handler);
    if (subscription.handlers.size > 0 || this.#byChannel.get(subscription.channel) !== subscription) return;
    subscription.cancelRetry?.();
    this.#byChannel.delete(subscription.channel);
    if (this.#connected) this.#send({ v: 1, type: "unsubscribe", id: this.#nextId(), channel: subscription.channel });
  }

  #ask(subscription: Subscription): void {
    subscription.id = this.#nextId();
    subscription.confirmed = false;
    this.#send({ v: 1, type: "subscribe", id: subscription.id, channel: subscription.channel, ...subscription.position });
  }

  #nextId(): string {
    return (++this.#ids).toString(36);
  }

  #confirm(frame: Extract<ServerFrame, { type: "subscribed" }>): void {
    const subscription = this.#byChannel.get(frame.channel);
    if (subscription?.id !== frame.id) return; // an answer to what was given up meanwhile
    const position = { epoch: frame.epoch, offset: frame.offset };
    subscription.position = position;
    subscription.confirmed = true;
    this.#tell(frame.channel, (handler) => handler.subscribed?.(position, frame.recovered, frame.reason));
  }

  #deliver(event: Envelope): void {
    const subscription = this.#byChannel.get(event.channel);
    if (!subscription?.confirmed || !subscription.position) return;
    const before = subscription.position;
    const same = before.epoch === event.epoch;
    if (same && event.offset <= before.offset) return; // seen already
    subscription.position = { epoch: event.epoch, offset: event.offset };
    if (!same || event.offset > before.offset + 1) this.#tell(event.channel, (handler) => handler.gap?.());
    this.#tell(event.channel, (handler) => handler.event(event));
  }

  #refuse(frame: Extract<ServerFrame, { type: "error" }>): void {
    for (const subscription of this.#byChannel.values()) {
      if (subscription.id !== frame.id || subscription.confirmed) continue;
      if (PASSING.has(frame.code)) {
        subscription.cancelRetry = this.#later(() => this.#ask(subscription));
      } else {
        this.#tell(subscription.channel, (handler) => handler.refused?.(frame.code, frame.detail));
      }
      return;
    }
  }

  #tell(channel: string, work: (handler: LiveHandler) => void): void {
    for (const handler of this.#byChannel.get(channel)?.handlers ?? []) guard(() => work(handler));
  }
}

/** One handler's fault must not keep events from the others: it surfaces as an uncaught error of its own. */
function guard(work: () => void): void {
  try {
    work();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
