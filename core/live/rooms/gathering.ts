import { type Outcome, refuse } from "../../../contract/problems.ts";
import type { RoomEvent } from "../../../contract/room-live.ts";
import type { Committed, RoomActs, RoomChange } from "./acts.ts";
import { GATHERED, gatherMs } from "./flush-window.ts";
import type { RoomSession } from "./room-session.ts";

/** A change that a socket asked for. */
export interface Wanted {
  readonly session: RoomSession;
  /** What the answer names. */
  readonly ref: string;
  readonly change: RoomChange;
}

export interface Flushed {
  readonly answers: readonly { readonly wanted: Wanted; readonly outcome: Outcome<Committed> }[];
  readonly events: readonly RoomEvent[];
  /** Why nothing could be stored, if so. */
  readonly error?: unknown;
}

/** Changes that wait for each other, so that one transaction carries them all. Bounded: what is too much is stored at once. */
export class Gathering {
  readonly #acts: RoomActs;
  #waiting: Wanted[] = [];
  #bytes = 0;
  #dueAt: number | undefined;
  #flushedAt: number | undefined;

  constructor(acts: RoomActs) {
    this.#acts = acts;
  }

  /** @param bytes of its text. @param sockets that will hear of it. @returns whether it is time to flush */
  add(wanted: Wanted, bytes: number, sockets: number, now: number): boolean {
    this.#waiting.push(wanted);
    this.#bytes += bytes;
    this.#dueAt ??= now + gatherMs(sockets, this.#flushedAt === undefined ? undefined : now - this.#flushedAt);
    return this.isDue(now) || this.#waiting.length >= GATHERED.changes || this.#bytes >= GATHERED.bytes;
  }

  isDue(now: number): boolean {
    return this.#dueAt !== undefined && this.#dueAt <= now;
  }

  dueAt(): number | undefined {
    return this.#dueAt;
  }

  /** Stores what waits, in the order in which it came. */
  flush(now: number): Flushed {
    const wanted = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    this.#dueAt = undefined;
    if (wanted.length === 0) return { answers: [], events: [] };
    this.#flushedAt = now;
    const changes = wanted.map(({ session, change }) => ({ by: session.caller, change }));
    try {
      const { results, events } = this.#acts.commit(changes, now);
      return { answers: wanted.map((one, index) => ({ wanted: one, outcome: results[index] ?? NOT_STORED })), events };
    } catch (error) {
      return { answers: wanted.map((one) => ({ wanted: one, outcome: NOT_STORED })), events: [], error };
    }
  }
}

const NOT_STORED = refuse("unavailable", "It could not be stored. Send it again in a few seconds.", { retryAfterS: 2 });

/** Answers to one socket: what is durable in one frame, refusals each in their own. */
export function bySocket({ answers }: Flushed): Map<RoomSession, Flushed["answers"]> {
  const of = new Map<RoomSession, { wanted: Wanted; outcome: Outcome<Committed> }[]>();
  for (const answer of answers) {
    const known = of.get(answer.wanted.session);
    if (known) known.push(answer);
    else of.set(answer.wanted.session, [answer]);
  }
  return of;
}
