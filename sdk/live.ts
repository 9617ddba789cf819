import type { LiveDeps, LiveHandler, LiveSocket, LiveStatus } from "./live-types.ts";

export type { LiveDeps, LiveEvent, LiveHandler, LivePosition, LiveSocket, LiveStatus, LiveStopReason } from "./live-types.ts";

/** The dependencies of a browser, or of Node with its own WebSocket. `url` comes from `(await meridian.connect.ticket()).url`. */
export function liveDeps(url: () => Promise<string>): LiveDeps {
  return {
    url,
    open: (address): LiveSocket => new WebSocket(address, "meridian.v1"),
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
 *     live.onStatus((status) => light.value = status);
 *     live.connect();
 *     const stop = live.subscribe("metrics/all", { event: (event) => …, subscribed: () => readAnew(), gap: () => readAnew() });
 */
export class LiveClient {
  readonly #deps: LiveDeps;
  #status: LiveStatus;

  constructor(deps: LiveDeps) {
    this.#deps = deps;
    this.#status = { light: "offline", since: deps.now(), stopped: true, reason: "closed", inMs: 0 };
  }

  /** The connection light as it is now. */
  get status(): LiveStatus {
    return this.#status;
  }

  /** Calls `listener` with the present status and at every change; the answer ends that. */
  onStatus(listener: (status: LiveStatus) => void): () => void {
    listener(this.#status);
    return () => {};
  }

  /** Starts, or starts again after it stopped. Does nothing while it runs. */
  connect(): void {}

  /** Tries at once when it waits for the next attempt (a tab came back, the network came back). */
  retryNow(): void {}

  /** Closes the socket and stops; subscriptions stay for the next `connect()`. */
  close(): void {}

  /** Follows a channel (`metrics/all`, `metrics/{host}`), from now and over reconnects; the answer ends it. Several handlers may share one channel. */
  subscribe(channel: string, handler: LiveHandler): () => void {
    void channel;
    void handler;
    return () => {};
  }
}
