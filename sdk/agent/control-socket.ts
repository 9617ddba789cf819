import { type AgentConfig, agentDownFrameSchema, type AgentHealth, AGENT_LIMITS, type AgentUpFrame } from "../../contract/agents.ts";
import { LIVE_CLOSE, LIVE_PING, LIVE_PONG } from "../../contract/live-codes.ts";
import { backoffMs } from "../../contract/retry.ts";
import type { Clock, Timers } from "./clock.ts";
import type { Problems } from "./problems.ts";

/** What this needs of a WebSocket; Node's own fits. */
export interface Socket {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: unknown) => void) | null;
}

export interface ControlDeps {
  /** Opens `/v1/agents/connect` with the key. */
  readonly open: () => Socket;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly problems: Problems;
  readonly hello: { readonly host: string; readonly agentVersion: string; readonly platform: string };
  readonly health: () => AgentHealth;
  readonly apply: (config: AgentConfig) => void;
  /** The socket is open and the server has spoken. */
  readonly connected: () => void;
}

/** The server lets a host connect six times a minute. */
const RECONNECT = { baseMs: 2_000, capMs: 60_000 };
/** Codes that say: not with this key, not within this plan, not beside the agent that took this host's name. */
const REFUSED = new Set<number>([LIVE_CLOSE.unauthorized, LIVE_CLOSE.denied, LIVE_CLOSE.gone]);
const REFUSED_WAIT_MS = 60_000;
/** A server has few words for an agent; a frame far beyond the limit of our own is not one of them. */
const MAX_FRAME_CHARS = 4 * AGENT_LIMITS.frameBytes;
const MAX_FRAMES_PER_HEALTH = 50;
const OPEN_WITHIN_MS = 15_000;

/**
 * The agent's control socket: says hello, reports health, takes configuration, and comes back with full jitter. Whatever the server sends, the agent
 * goes on collecting: a frame that is none of ours is counted as a problem, a flood closes the socket.
 */
export class ControlSocket {
  readonly #deps: ControlDeps;
  #socket: Socket | undefined;
  #failures = 0;
  #frames = 0;
  /** Whether the server has ever answered a ping on this socket: only then does silence mean that it is gone. */
  #pongs = false;
  #awaitingPong = false;
  #spoke = false;
  #cancel: (() => void) | undefined;
  #closed = false;

  constructor(deps: ControlDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#closed) return;
    this.#frames = 0;
    this.#pongs = false;
    this.#awaitingPong = false;
    this.#spoke = false;
    let socket: Socket;
    try {
      socket = this.#deps.open();
    } catch (error) {
      return this.#retry(error instanceof Error ? error.message : "cannot be opened", 0);
    }
    this.#socket = socket;
    socket.onopen = () => this.#isCurrent(socket) && this.#hello();
    socket.onmessage = (event) => this.#isCurrent(socket) && this.#receive(event.data);
    socket.onerror = () => undefined; // a close follows and says more
    socket.onclose = (event) => this.#isCurrent(socket) && this.#lost(event.code, event.reason);
    // A server that accepts and says nothing would hold us for ever.
    this.#after(OPEN_WITHIN_MS, () => this.#abandon("no answer"));
  }

  /** Sends health now, after a configuration was applied. */
  report(): void {
    this.#send({ v: 1, type: "health", health: this.#deps.health() });
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
    const socket = this.#socket;
    this.#socket = undefined;
    try {
      socket?.close(1000, "agent stops");
    } catch {
      // It was not open yet; the process ends anyway.
    }
  }

  #isCurrent(socket: Socket): boolean {
    return !this.#closed && this.#socket === socket;
  }

  #hello(): void {
    this.#send({ v: 1, type: "hello", ...this.#deps.hello, health: this.#deps.health() });
    this.#after(AGENT_LIMITS.healthEveryMs, () => this.#beat());
  }

  #beat(): void {
    if (this.#awaitingPong && this.#pongs) return this.#abandon("no answer to a ping");
    // Only a socket that lived this long ends a row of failures: one that opens and breaks at once must not be tried every second.
    if (this.#spoke) this.#failures = 0;
    this.#frames = 0;
    this.#awaitingPong = true;
    this.report();
    this.#raw(LIVE_PING);
    this.#after(AGENT_LIMITS.healthEveryMs, () => this.#beat());
  }

  #receive(data: unknown): void {
    if (data === LIVE_PONG) {
      this.#pongs = true;
      this.#awaitingPong = false;
      return;
    }
    if (++this.#frames > MAX_FRAMES_PER_HEALTH) return this.#abandon("the server floods the control socket", LIVE_CLOSE.rate);
    if (typeof data !== "string" || data.length > MAX_FRAME_CHARS)
      return this.#abandon("a frame that is no text or too large", LIVE_CLOSE.size);
    const frame = agentDownFrameSchema.safeParse(parseJson(data));
    if (!frame.success) {
      // A newer server may have frames that this agent does not know: they are no reason to part.
      this.#deps.problems.note("control frame", "a frame that this agent does not understand", this.#deps.clock.monoMs());
      return;
    }
    if (frame.data.type === "error") {
      const { code, detail } = frame.data;
      this.#deps.problems.note("control frame", `${code}: ${detail}`.slice(0, 150), this.#deps.clock.monoMs());
      return;
    }
    if (!this.#spoke) {
      this.#spoke = true;
      this.#deps.problems.clear("control socket", "the control socket is open");
      this.#deps.connected();
    }
    this.#deps.apply(frame.data.config);
    this.report();
  }

  #send(frame: AgentUpFrame): void {
    this.#raw(JSON.stringify(frame));
  }

  #raw(text: string): void {
    try {
      this.#socket?.send(text);
    } catch {
      // Still connecting or already closing: the close event brings us back.
    }
  }

  #abandon(reason: string, code: number = LIVE_CLOSE.authLate): void {
    const socket = this.#socket;
    this.#lost(code, reason);
    try {
      socket?.close(code, reason);
    } catch {
      // Closing a socket that never opened may throw; it is given up either way.
    }
  }

  #lost(code: number, reason: string): void {
    this.#socket = undefined;
    this.#retry(`${reason === "" ? "closed" : reason.slice(0, 120)} (${code})`, code);
  }

  #retry(reason: string, code: number): void {
    if (this.#closed) return;
    this.#deps.problems.raise("control socket", reason, this.#deps.clock.monoMs());
    const refused = REFUSED.has(code) ? REFUSED_WAIT_MS : 0;
    this.#after(refused + backoffMs(RECONNECT, this.#failures++, this.#deps.random()), () => this.start());
  }

  #after(ms: number, run: () => void): void {
    this.#cancel?.();
    this.#cancel = this.#deps.timers.after(ms, run);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
