import * as z from "zod";
import { AGENT_LIMITS, type AgentDownFrame, type AgentUpFrame, agentUpFrameSchema } from "../../contract/agents.ts";
import { LIVE_CLOSE, type LiveCloseCode } from "../../contract/live-codes.ts";
import { type AgentReport, agentReportSchema } from "../../core/control/fleet.ts";
import { gcra } from "../../contract/gcra.ts";
import { createSockets, type Sockets } from "../kit/sockets.ts";

/** What a control socket needs after a sleep. */
const lineSchema = z.object({
  keyId: z.string(),
  /** Epoch milliseconds. */
  openedAt: z.number(),
  /** State of the frame rate's bucket. */
  tat: z.number(),
  /** Set by the hello; `joining` while it is still being decided on. */
  host: z.string().optional(),
  joining: z.boolean(),
  report: agentReportSchema.optional(),
});
export type Line = z.infer<typeof lineSchema>;

/** Why a socket is closed, and what its agent is told first. */
export interface Refusal {
  readonly code: LiveCloseCode;
  readonly reason: string;
}

export type FrameReading =
  { readonly ok: true; readonly frame: AgentUpFrame; readonly line: Line } | { readonly ok: false; readonly refusal: Refusal };

/** The open control sockets: which host each speaks for, and which have not said so yet. */
export class Lines {
  readonly #sockets: Sockets<Line>;
  readonly #live = new Map<string, WebSocket>();
  readonly #strangers = new Set<WebSocket>();

  constructor(ctx: DurableObjectState) {
    this.#sockets = createSockets(ctx, { version: 1, attachment: lineSchema });
  }

  /** Finds them again after a sleep; a report in an attachment is newer than the row. */
  load(found: (host: string, report: AgentReport) => void): void {
    this.#live.clear();
    this.#strangers.clear();
    for (const socket of this.#sockets.tagged()) {
      const line = socket.readyState === WebSocket.READY_STATE_OPEN ? this.#sockets.read(socket) : undefined;
      if (!line) continue;
      if (line.host === undefined || line.joining) {
        this.#strangers.add(socket);
        continue;
      }
      this.#live.set(line.host, socket);
      if (line.report) found(line.host, line.report);
    }
  }

  /** @returns undefined when too many sockets have not said hello yet */
  accept(keyId: string, now: number): Response | undefined {
    if (this.#strangers.size >= AGENT_LIMITS.strangers) return undefined;
    const { response, socket } = this.#sockets.accept({
      credential: credentialOf(keyId),
      attachment: { keyId, openedAt: now, tat: now, joining: false },
    });
    this.#strangers.add(socket);
    return response;
  }

  /** Reads a frame and counts it. Whatever is wrong with it costs the one socket it came by. */
  receive(socket: WebSocket, message: string | ArrayBuffer, now: number): FrameReading {
    const line = this.#sockets.read(socket);
    if (!line) return refused(LIVE_CLOSE.restart, "reconnect");
    if (bytesOf(message) > AGENT_LIMITS.frameBytes) return refused(LIVE_CLOSE.size, `a frame has at most ${AGENT_LIMITS.frameBytes} bytes`);
    const verdict = gcra(AGENT_LIMITS.frames, line.tat, now);
    if (!verdict.allowed) return refused(LIVE_CLOSE.rate, "too many frames");
    if (typeof message !== "string") return refused(LIVE_CLOSE.frame, "a frame is text");
    const frame = agentUpFrameSchema.safeParse(parseJson(message));
    if (!frame.success) return refused(LIVE_CLOSE.frame, "not a frame of this protocol");
    const said = line.host !== undefined;
    if ((frame.data.type === "hello") === said) return refused(LIVE_CLOSE.frame, said ? "a second hello" : "hello comes first");
    const counted = { ...line, tat: verdict.tat };
    this.#sockets.write(socket, counted);
    return { ok: true, frame: frame.data, line: counted };
  }

  /** Notes what a socket said of its host; `joining` until it is decided whether it may. */
  write(socket: WebSocket, line: Line): void {
    this.#sockets.write(socket, line);
  }

  /** Makes this the socket of a host; the one before is closed. Answers false when it is gone by now. */
  connect(socket: WebSocket, line: Line & { host: string }, replaced: string): boolean {
    this.#strangers.delete(socket);
    if (socket.readyState !== WebSocket.READY_STATE_OPEN) return false;
    const before = this.#live.get(line.host);
    this.#live.set(line.host, socket);
    this.#sockets.write(socket, line);
    if (before && before !== socket) this.#sockets.close(before, LIVE_CLOSE.denied, replaced);
    return true;
  }

  /** The host's socket closed or is given up: answers the host if this was the one that counts. */
  disconnect(socket: WebSocket): string | undefined {
    this.#strangers.delete(socket);
    const host = this.#sockets.read(socket)?.host;
    if (host === undefined || this.#live.get(host) !== socket) return undefined;
    this.#live.delete(host);
    return host;
  }

  isLive(host: string): boolean {
    return this.#live.has(host);
  }

  isCurrent(socket: WebSocket, host: string): boolean {
    return this.#live.get(host) === socket;
  }

  get size(): number {
    return this.#live.size + this.#strangers.size;
  }

  live(): Iterable<readonly [host: string, socket: WebSocket]> {
    return [...this.#live];
  }

  /** Sockets that have not said hello, with when they were opened. */
  strangers(): { socket: WebSocket; openedAt: number }[] {
    return [...this.#strangers].map((socket) => ({ socket, openedAt: this.#sockets.read(socket)?.openedAt ?? 0 }));
  }

  ofCredential(credential: string): WebSocket[] {
    return this.#sockets.ofCredential(credential).filter((socket) => socket.readyState === WebSocket.READY_STATE_OPEN);
  }

  /** The keys behind all open sockets. */
  keyIds(): string[] {
    const sockets = [...this.#live.values(), ...this.#strangers];
    return [...new Set(sockets.flatMap((socket) => this.#sockets.read(socket)?.keyId ?? []))];
  }

  send(host: string, frame: AgentDownFrame): void {
    const socket = this.#live.get(host);
    if (socket) this.#sockets.send(socket, JSON.stringify(frame));
  }

  /** Says why in a frame, then closes. */
  refuse(socket: WebSocket, { code, reason }: Refusal): void {
    const frame: AgentDownFrame = { v: 1, type: "error", code: String(code), detail: reason };
    this.#sockets.send(socket, JSON.stringify(frame));
    this.#sockets.close(socket, code, reason);
  }

  completeClose(socket: WebSocket, code: number, reason: string): void {
    this.#sockets.completeClose(socket, code, reason);
  }
}

/** How revocation names a key. */
export function credentialOf(keyId: string): string {
  return `key:${keyId}`;
}

function refused(code: LiveCloseCode, reason: string): FrameReading {
  return { ok: false, refusal: { code, reason } };
}

function bytesOf(message: string | ArrayBuffer): number {
  if (typeof message !== "string") return message.byteLength;
  // Encoding is spared for what is too long in any encoding.
  return message.length > AGENT_LIMITS.frameBytes ? message.length : new TextEncoder().encode(message).byteLength;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no JSON is no frame: the schema refuses it
  }
}
