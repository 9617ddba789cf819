import * as z from "zod";
import { BOARD_SOCKET } from "../../../contract/leaderboard-live.ts";
import type { UnreadVerdict } from "../../kit/unread.ts";

/** Between two remembered places of the stream. Without them each unread frame would have to be remembered. */
const MARK_BYTES = 4 * 1024;

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

/**
 * Numbers a socket's frames and counts in bytes what the other side has not acknowledged. The newest acknowledgement counts exactly;
 * one of an older frame counts up to 4 KiB less than was read, in the same direction always: nobody gets more than the limit.
 */
export class Unread {
  #sent = 0;
  #acked = 0;
  /** Bytes sent, ever. */
  #bytes = 0;
  #ackedBytes = 0;
  /** Bytes that would have been sent to a reader that keeps up. */
  #withheld = 0;
  /** Numbers of frames and the bytes up to their ends, ascending. */
  #marks: [n: number, bytes: number][] = [];

  /** @returns the number of the next frame */
  next(): number {
    this.#sent += 1;
    return this.#sent;
  }

  /** The frame that was numbered last went out as this. */
  went(text: string): void {
    this.#bytes += encoder.encode(text).byteLength;
    const marked = this.#marks.at(-1)?.[1] ?? this.#ackedBytes;
    if (this.#bytes - marked >= MARK_BYTES) this.#marks.push([this.#sent, this.#bytes]);
  }

  withhold(text: string): void {
    this.#withheld += encoder.encode(text).byteLength;
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

  /** At a limit the milder verdict still holds. */
  get verdict(): UnreadVerdict {
    const unread = this.#bytes - this.#ackedBytes;
    if (unread + this.#withheld > BOARD_SOCKET.unackedHardBytes) return "close";
    return unread > BOARD_SOCKET.unackedBytes ? "coalesce" : "send";
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

  static of(kept: UnreadKept): Unread {
    const unread = new Unread();
    unread.#sent = kept.sent;
    unread.#acked = kept.acked;
    unread.#bytes = kept.bytes;
    unread.#ackedBytes = kept.ackedBytes;
    unread.#withheld = kept.withheld;
    unread.#marks = kept.marks.map(([n, bytes]) => [n, bytes]);
    return unread;
  }
}
