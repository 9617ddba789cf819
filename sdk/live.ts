import type { ClientFrame } from "../contract/live.ts";
import { LIVE_CLOSE, LIVE_LIMITS, LIVE_SUBPROTOCOL } from "../contract/live-codes.ts";
import { backoffMs } from "../contract/retry.ts";
import { isFinal, LiveLink } from "./live-link.ts";
import { Subscriptions } from "./live-subscriptions.ts";
import type { RoomFrame } from "../contract/room-live.ts";
import type { LiveDeps, LiveFrame, LiveHandler, LiveStatus, LiveStopReason } from "./live-types.ts";

export type { LiveDeps, LiveEvent, LiveFrame, LiveHandler, LiveSocketEvents, LiveStatus, LiveStopReason } from "./live-types.ts";

const BACKOFF = { baseMs: 500, capMs: 30_000 };
/** A restart drops everybody at once: they come back spread over this. */
const RESTART_SPREAD_MS = 1_000;
/** A connection that held this long was a good one: the next failure starts counting from zero. */
const STABLE_MS = 5_000;
/** Without a connection for longer than this the light says offline. */
const OFFLINE_AFTER_MS = 15_000;

/** The dependencies of a browser, or of Node with its own WebSocket. `url` comes from `(await meridian.connect.ticket()).url`. */
export function liveDeps(url: () => Promise<string>): LiveDeps {
  return {
    url,
    open: (address, events) => {
      const socket = new WebSocket(address, LIVE_SUBPROTOCOL);
      socket.binaryType = "arraybuffer";
      socket.addEventListener("message", ({ data }) => {
        if (typeof data === "string") events.message(data);
        else if (data instanceof ArrayBuffer) events.binary?.(data);
      });
      socket.addEventListener("close", ({ code, reason }) => events.closed(code, reason));
      return {
        // A socket that is no longer open drops what is sent; the close event follows and starts the next attempt.
        send: (text) => {
          if (socket.readyState === WebSocket.OPEN) socket.send(text);
        },
        close: (code, reason) => socket.close(code, reason),
      };
    },
    now: () => Date.now(),
    random: () => Math.random(),
    after: (ms, work) => {
      const timer = setTimeout(work, ms);
      return () => clearTimeout(timer);
    },
  };
}

/**
 * One live socket that stays: it subscribes again after every reconnect, acknowledges, and says how it is doing.
 *
 *     const live = new LiveClient(liveDeps(async () => (await meridian.connect.ticket()).url));
 *     live.onStatus((status) => show(status));
 *     live.connect();
 *     const stop = live.subscribe("metrics/all", { event: apply, subscribed: (_at, recovered) => recovered || readAnew(), gap: readAnew });
 */
export class LiveClient {
  readonly #deps: LiveDeps;
  readonly #listeners = new Set<(status: LiveStatus) => void>();
  readonly #frameListeners = new Set<(frame: LiveFrame) => void>();
  readonly #subscriptions: Subscriptions;
  #status: LiveStatus;
  #running = false;
  /** Rises with every start and stop, so that a late answer of an earlier life is recognised. */
  #life = 0;
  #link: LiveLink | undefined;
  #cancelRetry: (() => void) | undefined;
  #failures = 0;
  #triedNewTicket = false;
  #welcomedAt: number | undefined;
  #lostAt: number;

  constructor(deps: LiveDeps) {
    this.#deps = deps;
    this.#lostAt = deps.now();
    this.#status = { light: "offline", since: this.#lostAt, stopped: true, reason: "closed", inMs: 0 };
    this.#subscriptions = new Subscriptions(
      (frame) => this.#link?.send(frame),
      (work) => deps.after(LIVE_LIMITS.interestRetryMs, work),
    );
  }

  /** The connection light as it is now. */
  get status(): LiveStatus {
    return this.#status;
  }

  /** Calls `listener` with the present status and at every change; the answer ends that. */
  onStatus(listener: (status: LiveStatus) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#status);
    return () => this.#listeners.delete(listener);
  }

  /** Starts, or starts again after it stopped. Does nothing while it runs. */
  connect(): void {
    if (this.#running) return;
    this.#running = true;
    this.#life++;
    this.#failures = 0;
    this.#triedNewTicket = false;
    this.#lostAt = this.#deps.now();
    this.#attempt();
  }

  /** Tries at once when it waits for the next attempt: a tab came back to the front, the network came back. */
  retryNow(): void {
    if (this.#running && this.#cancelRetry) this.#attempt();
  }

  /** Closes the socket and stops; subscriptions stay for the next `connect()`. */
  close(): void {
    this.#stop("closed");
  }

  /** Follows a channel (`metrics/all`, `metrics/{host}`), from now and over reconnects; the answer ends it. Several handlers may share one channel. */
  subscribe(channel: string, handler: LiveHandler): () => void {
    return this.#subscriptions.add(channel, handler);
  }

  /**
   * Sends a frame, on the connection that stands now.
   * @returns whether there is one; that it has arrived only an answer says
   */
  send(frame: ClientFrame | RoomFrame): boolean {
    if (this.#status.light !== "live" || !this.#link) return false;
    this.#link.send(frame);
    return true;
  }

  /** Calls `listener` with every frame, after subscriptions have had theirs; the answer ends that. */
  onFrame(listener: (frame: LiveFrame) => void): () => void {
    this.#frameListeners.add(listener);
    return () => this.#frameListeners.delete(listener);
  }

  #attempt(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#report(0);
    const life = this.#life;
    this.#deps.url().then(
      (url) => {
        if (life === this.#life && this.#running) this.#open(url);
      },
      (error: unknown) => {
        if (life !== this.#life || !this.#running) return;
        const status = typeof error === "object" && error !== null && "status" in error ? error.status : undefined;
        if (status === 401) this.#stop("unauthorized");
        else if (status === 403) this.#stop("denied");
        else this.#retry(this.#backoff());
      },
    );
  }

  #open(url: string): void {
    const life = this.#life;
    this.#welcomedAt = undefined;
    try {
      this.#link = new LiveLink(this.#deps, url, {
        frame: (frame) => this.#take(frame),
        ended: (code) => {
          if (life === this.#life) this.#ended(code);
        },
      });
    } catch {
      this.#retry(this.#backoff()); // no address, or one that the page may not open: only another address helps
    }
  }

  #take(frame: LiveFrame): void {
    if (frame.type === "welcome") {
      this.#welcomedAt = this.#deps.now();
      this.#show({ light: "live", since: this.#welcomedAt });
      this.#subscriptions.connected();
    } else {
      this.#subscriptions.take(frame);
    }
    for (const listener of this.#frameListeners) listener(frame);
  }

  #ended(code: number): void {
    this.#link = undefined;
    this.#subscriptions.disconnected();
    const now = this.#deps.now();
    const stable = this.#welcomedAt !== undefined && now - this.#welcomedAt >= STABLE_MS;
    if (this.#welcomedAt !== undefined) this.#lostAt = now;
    if (stable) {
      this.#failures = 0;
      this.#triedNewTicket = false;
    }
    const final = isFinal(code);
    if (final) this.#stop(final);
    else if (code === LIVE_CLOSE.unauthorized && this.#triedNewTicket) this.#stop("unauthorized");
    else if (code === LIVE_CLOSE.restart && stable) this.#retry(Math.floor(this.#deps.random() * RESTART_SPREAD_MS));
    else {
      if (code === LIVE_CLOSE.unauthorized) this.#triedNewTicket = true;
      this.#retry(this.#backoff());
    }
  }

  #backoff(): number {
    return backoffMs(BACKOFF, this.#failures++, this.#deps.random());
  }

  #retry(inMs: number): void {
    this.#cancelRetry = this.#deps.after(inMs, () => this.#attempt());
    this.#report(inMs);
  }

  #report(inMs: number): void {
    const since = this.#lostAt;
    const long = this.#deps.now() - since > OFFLINE_AFTER_MS;
    if (long) this.#show({ light: "offline", since, stopped: false, reason: "unreachable", inMs });
    else this.#show({ light: "reconnecting", inMs, since });
  }

  #stop(reason: LiveStopReason): void {
    if (!this.#running) return;
    this.#running = false;
    this.#life++;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    if (this.#status.light === "live") this.#lostAt = this.#deps.now();
    this.#link?.end(LIVE_CLOSE.restart);
    this.#link = undefined;
    this.#subscriptions.disconnected();
    this.#show({ light: "offline", since: this.#lostAt, stopped: true, reason, inMs: 0 });
  }

  #show(status: LiveStatus): void {
    this.#status = status;
    for (const listener of this.#listeners) listener(status);
  }
}
