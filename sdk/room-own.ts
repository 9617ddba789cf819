import type { RoomFrame } from "../contract/room-live.ts";
import { ROOM_LIMITS } from "../contract/room-limits.ts";
import type { LiveDeps } from "./live.ts";

const NOTHING = { delivered: 0, read: 0 } as const;

/**
 * What a person's client says of itself in a room: how far it has got and read, together and only when it moved, and that somebody types,
 * at most once a second.
 */
export class OwnSignals {
  readonly #deps: Pick<LiveDeps, "after" | "now">;
  /** @returns whether there was a connection to send on */
  readonly #send: (frame: RoomFrame) => boolean;
  #own: { readonly delivered: number; readonly read: number } = NOTHING;
  #told: { readonly delivered: number; readonly read: number } = NOTHING;
  #cancel: (() => void) | undefined;
  #typingAt = Number.NEGATIVE_INFINITY;

  constructor(deps: Pick<LiveDeps, "after" | "now">, send: (frame: RoomFrame) => boolean) {
    this.#deps = deps;
    this.#send = send;
  }

  delivered(offset: number): void {
    this.#own = { ...this.#own, delivered: Math.max(this.#own.delivered, offset) };
    this.#soon();
  }

  read(offset: number): void {
    if (offset <= this.#own.read) return;
    this.#own = { delivered: Math.max(this.#own.delivered, offset), read: offset };
    this.#soon();
  }

  typing(on: boolean): void {
    const now = this.#deps.now();
    if (on && now - this.#typingAt < ROOM_LIMITS.typingEveryMs) return;
    if (!on && this.#typingAt === Number.NEGATIVE_INFINITY) return;
    this.#typingAt = on ? now : Number.NEGATIVE_INFINITY;
    this.#send({ v: 1, type: "typing", on });
  }

  /** A message ends typing by itself; so does a lost connection. */
  noLongerTyping(): void {
    this.#typingAt = Number.NEGATIVE_INFINITY;
  }

  /** On a new connection everything is said again: what the room had only in memory may be gone with it. */
  joined(): void {
    this.#told = NOTHING;
    this.#soon();
  }

  /** What waits is said now, as there is no later. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#tell();
  }

  #soon(): void {
    this.#cancel ??= this.#deps.after(ROOM_LIMITS.receiptFlushMs, () => {
      this.#cancel = undefined;
      this.#tell();
    });
  }

  #tell(): void {
    const { delivered, read } = this.#own;
    if (delivered <= this.#told.delivered && read <= this.#told.read) return;
    const said = { ...(delivered > 0 && { deliveredOffset: delivered }), ...(read > 0 && { readOffset: read }) };
    if (this.#send({ v: 1, type: "receipt", ...said })) this.#told = this.#own;
  }
}
