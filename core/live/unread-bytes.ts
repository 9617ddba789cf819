import * as z from "zod";
import type { UnreadVerdict } from "../kit/unread.ts";

export interface UnreadByteLimits {
  /** Bytes sent and not acknowledged before what can wait is withheld, */
  readonly softBytes: number;
  /** and before the socket is closed, what was withheld counted in. */
  readonly hardBytes: number;
}

/** Places of the stream that are remembered at most: without them each unread frame would have to be. They travel in an attachment. */
const MARKS = 32;

export const unreadSchema = z.object({
  sent: z.number(),
  acked: z.number(),
  bytes: z.number(),
  ackedBytes: z.number(),
  withheld: z.number(),
  marks: z.array(z.tuple([z.number(), z.number()])),
});
export type UnreadKept = z.infer<typeof unreadSchema>;

const encoder = new TextEncoder();

/** Bytes of a text as a socket sends it. */
export function utf8Bytes(text: string): number {
  return encoder.encode(text).byteLength;
}

/**
 * Numbers a socket's frames and counts in bytes what the other side has not acknowledged. The newest acknowledgement counts exactly;
 * one of an older frame counts up to a 32nd of `hardBytes` less than was read, in the same direction always: nobody gets more than
 * the limit. Remembers the newest 32 or so places, whatever was sent.
 */
export class UnreadBytes {
  readonly #limits: UnreadByteLimits;
  #sent = 0;
  #acked = 0;
  /** Bytes sent, ever. */
  #bytes = 0;
  #ackedBytes = 0;
  /** Bytes that would have been sent to a reader that keeps up. */
  #withheld = 0;
  /** Numbers of frames and the bytes up to their ends, ascending. */
  #marks: [n: number, bytes: number][] = [];

  constructor(limits: UnreadByteLimits) {
    this.#limits = limits;
  }

  /** @returns the number of the next frame */
  next(): number {
    this.#sent += 1;
    return this.#sent;
  }

  /** The frame that was numbered last went out in so many bytes. */
  went(bytes: number): void {
    this.#bytes += bytes;
    const marked = this.#marks.at(-1)?.[1] ?? this.#ackedBytes;
    if (this.#bytes - marked >= this.#limits.hardBytes / MARKS) this.#marks.push([this.#sent, this.#bytes]);
  }

  withhold(bytes: number): void {
    this.#withheld += bytes;
  }

  acknowledge(n: number): void {
    if (n <= this.#acked) return; // never backwards
    this.#acked = Math.min(n, this.#sent); // and never beyond what was sent: a lying client gains nothing
    if (this.#acked === this.#sent) {
      this.#ackedBytes = this.#bytes;
      this.#marks = [];
    } else {
      while (this.#marks[0] !== undefined && this.#marks[0][0] <= this.#acked) this.#ackedBytes = this.#marks.shift()?.[1] ?? 0;
    }
    if (this.verdict === "send") this.#withheld = 0;
  }

  /** Number of the last frame; 0 before the first. */
  get sent(): number {
    return this.#sent;
  }

  /** The highest frame that the other side has acknowledged. */
  get acked(): number {
    return this.#acked;
  }

  /** Bytes sent and not acknowledged, as far as is known. */
  get unread(): number {
    return this.#bytes - this.#ackedBytes;
  }

  /** At a limit the milder verdict still holds. */
  get verdict(): UnreadVerdict {
    const { softBytes, hardBytes } = this.#limits;
    const { unread } = this;
    if (unread + this.#withheld > hardBytes) return "close";
    return unread > softBytes ? "coalesce" : "send";
  }

  kept(): UnreadKept {
    return {
      sent: this.#sent,
      acked: this.#acked,
      bytes: this.#bytes,
      ackedBytes: this.#ackedBytes,
      withheld: this.#withheld,
      marks: this.#marks.map(([n, bytes]) => [n, bytes]),
    };
  }

  static of(kept: UnreadKept, limits: UnreadByteLimits): UnreadBytes {
    const unread = new UnreadBytes(limits);
    unread.#sent = kept.sent;
    unread.#acked = kept.acked;
    unread.#bytes = kept.bytes;
    unread.#ackedBytes = kept.ackedBytes;
    unread.#withheld = kept.withheld;
    unread.#marks = kept.marks.map(([n, bytes]) => [n, bytes]);
    return unread;
  }
}
