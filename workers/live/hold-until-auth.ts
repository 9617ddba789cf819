import { type AuthData, clientFrameSchema } from "../../contract/live.ts";
import { LIVE_CLOSE, LIVE_LIMITS, LIVE_PING, LIVE_PONG, type LiveCloseCode } from "../../contract/live-codes.ts";
import type { Outcome, ProblemSlug } from "../../contract/problems.ts";
import { consoleSink } from "../http/log.ts";
import { clock } from "../http/request-context.ts";
import { authenticateToken, type TokenScene } from "./authenticate-token.ts";
import type { Entry, SocketPlace } from "./ticket.ts";

/** What is held for a socket that is not let in yet, all in all: what a hub takes at once. */
const EARLY_BYTES = LIVE_LIMITS.earlyBytes;

/** Authenticates a token and opens the other socket where it leads. */
type Enter = (token: string) => Promise<Outcome<Response>>;

/**
 * Accepts a socket that came without a credential and waits for its `auth` frame here at the edge: no object is bothered, and
 * none comes into being, before it is known whose. Then joins it to its object, both ways.
 */
export function holdUntilAuth<E extends Entry>(scene: TokenScene, protocol: string | undefined, place: SocketPlace<E>): Response {
  const { 0: client, 1: socket } = new WebSocketPair();
  const enter: Enter = async (token) => {
    const now = clock(scene.env);
    const entry = await authenticateToken(token, scene, place, now);
    return entry.ok ? await place.enter(scene, entry.value, undefined, now) : entry;
  };
  const held = new HeldSocket(socket, scene, enter, place.frameBytes ?? LIVE_LIMITS.frameBytes);
  held.start();
  const headers = protocol === undefined ? {} : { "sec-websocket-protocol": protocol };
  return new Response(null, { status: 101, webSocket: client, headers });
}

class HeldSocket {
  readonly #socket: WebSocket;
  readonly #scene: TokenScene;
  readonly #enter: Enter;
  readonly #frameBytes: number;
  #state: "waiting" | "entering" | "joined" | "closed" = "waiting";
  #hub: WebSocket | undefined;
  /** What the auth frame asks for, and what came after it before the hub was there. */
  readonly #early: (string | ArrayBuffer)[] = [];
  #earlyBytes = 0;

  /** @param frameBytes the largest frame where it wants to go */
  constructor(socket: WebSocket, scene: TokenScene, enter: Enter, frameBytes: number) {
    this.#socket = socket;
    this.#scene = scene;
    this.#enter = enter;
    this.#frameBytes = frameBytes;
  }

  start(): void {
    this.#socket.accept();
    this.#socket.binaryType = "arraybuffer";
    const late = setTimeout(() => {
      if (this.#state === "waiting") this.#close(LIVE_CLOSE.authLate, "no auth frame came in time");
    }, LIVE_LIMITS.authMs);
    this.#socket.addEventListener("message", ({ data }) => this.#take(data));
    const gone = (code: number, reason: string): void => {
      clearTimeout(late);
      this.#state = "closed";
      passClose(this.#hub, code, reason);
    };
    this.#socket.addEventListener("close", ({ code, reason }) => gone(code, reason));
    this.#socket.addEventListener("error", () => gone(1006, ""));
  }

  #take(message: string | ArrayBuffer): void {
    switch (this.#state) {
      case "joined":
        return passMessage(this.#hub, message);
      case "entering":
        return this.#keep(message);
      case "waiting": {
        if (message === LIVE_PING) return this.#socket.send(LIVE_PONG);
        if (bytesOf(message) > LIVE_LIMITS.frameBytes) return this.#close(LIVE_CLOSE.size, "the frame is too large");
        const auth = readAuth(message);
        if (!auth) return this.#close(LIVE_CLOSE.frame, "the first frame is `auth`");
        this.#state = "entering";
        if (auth.data) this.#keep(JSON.stringify({ v: 1, type: "options", data: auth.data }));
        this.#scene.ctx.waitUntil(this.#authenticate(auth.token));
        return;
      }
      case "closed":
        return;
    }
  }

  /** Keeps a frame for when it is let in. */
  #keep(message: string | ArrayBuffer): void {
    const bytes = bytesOf(message);
    this.#earlyBytes += bytes;
    if (bytes > this.#frameBytes) this.#close(LIVE_CLOSE.size, "the frame is too large");
    else if (this.#early.length >= LIVE_LIMITS.frameBurst || this.#earlyBytes > EARLY_BYTES)
      this.#close(LIVE_CLOSE.rate, "too many frames");
    else this.#early.push(message);
  }

  async #authenticate(token: string): Promise<void> {
    try {
      const entered = await this.#enter(token);
      if (!entered.ok) this.#close(closeCodeOf(entered.problem.slug), entered.problem.detail);
      else if (entered.value.webSocket) this.#join(entered.value.webSocket);
    } catch (error) {
      consoleSink({ level: "error", message: "a socket could not be joined to its hub", error: String(error) });
      this.#close(LIVE_CLOSE.restart, "try again");
    }
  }

  #join(hub: WebSocket): void {
    hub.accept();
    hub.binaryType = "arraybuffer";
    if (this.#state === "closed") return passClose(hub, 1000, "");
    this.#state = "joined";
    this.#hub = hub;
    hub.addEventListener("message", ({ data }) => passMessage(this.#socket, data));
    hub.addEventListener("close", ({ code, reason }) => passClose(this.#socket, code, reason));
    hub.addEventListener("error", () => passClose(this.#socket, LIVE_CLOSE.restart, "the hub is gone"));
    for (const message of this.#early.splice(0)) passMessage(hub, message);
  }

  #close(code: LiveCloseCode, reason: string): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    passClose(this.#socket, code, reason);
  }
}

/** What an `auth` frame says; undefined for anything else. */
function readAuth(message: string | ArrayBuffer): { readonly token: string; readonly data?: AuthData | undefined } | undefined {
  if (typeof message !== "string") return undefined;
  try {
    const frame = clientFrameSchema.safeParse(JSON.parse(message));
    return frame.success && frame.data.type === "auth" ? frame.data : undefined;
  } catch {
    return undefined; // not JSON
  }
}

function bytesOf(message: string | ArrayBuffer): number {
  return typeof message === "string" ? new TextEncoder().encode(message).byteLength : message.byteLength;
}

function closeCodeOf(slug: ProblemSlug): LiveCloseCode {
  if (slug === "unauthenticated") return LIVE_CLOSE.unauthorized;
  if (slug === "not-found") return LIVE_CLOSE.gone;
  return slug === "forbidden" ? LIVE_CLOSE.denied : LIVE_CLOSE.restart;
}

function passMessage(to: WebSocket | undefined, message: string | ArrayBuffer): void {
  try {
    to?.send(message);
  } catch {
    // The receiver is closing: its close event follows and ends the other side too.
  }
}

/** Codes of our own and 1000 are passed on; what an endpoint may not send (1005, 1006, 1015) becomes a close without a code. */
function passClose(to: WebSocket | undefined, code: number, reason: string): void {
  try {
    if (code === 1000 || code === 1012 || (code >= 3000 && code <= 4999)) to?.close(code, reason);
    else to?.close();
  } catch {
    // Closed already: that is what was wanted.
  }
}
