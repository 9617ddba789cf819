import { LIVE_LIMITS } from "../../contract/live-codes.ts";
import { encodeEvents, type EncodedPublication, isNews, type Position } from "./frames.ts";
import type { Session } from "./session.ts";

/** Whose publications they are: who gets them. */
export interface Followers {
  readonly members: ReadonlySet<Session>;
  readonly startsAfter?: Map<Session, Position>;
}

/** What one socket gets of a flush. */
export interface Delivery {
  readonly session: Session;
  readonly publications: readonly EncodedPublication[];
  /** `encodeEvents` of the publications. */
  readonly events: string;
}

/**
 * Publications on their way to sockets. They go at once when nothing went within `LIVE_LIMITS.flushMs`, else together at its
 * end, so that a burst costs each socket one frame and a quiet channel has no delay and needs no timer.
 */
export class FanOut {
  #pending: { readonly topic: Followers; readonly publication: EncodedPublication }[] = [];
  #flushedAt = Number.NEGATIVE_INFINITY;
  #announced = false;

  /** @param urgent what is pending goes now, with it */
  add(topic: Followers, publication: EncodedPublication, urgent = false): void {
    this.#pending.push({ topic, publication });
    if (urgent) this.#flushedAt = Number.NEGATIVE_INFINITY;
    this.#announced &&= !urgent;
  }

  /** How long what is pending waits: 0 when it goes now, undefined when there is nothing to wait for or the wait is known already. */
  waitMs(now: number): number | undefined {
    if (this.#pending.length === 0 || this.#announced) return undefined;
    // A clock that was set back must not hold anything up for longer than a flush may wait.
    const waitMs = Math.min(Math.max(this.#flushedAt + LIVE_LIMITS.flushMs - now, 0), LIVE_LIMITS.flushMs);
    this.#announced = waitMs > 0;
    return waitMs;
  }

  /** Everything pending, by socket. Sockets that get the same publications share one encoding of them. */
  take(now: number): Delivery[] {
    const pending = this.#pending;
    this.#announced = false;
    if (pending.length === 0) return [];
    this.#pending = [];
    this.#flushedAt = now;
    const wanted = new Map<Session, string>();
    for (const [index, { topic, publication }] of pending.entries()) {
      for (const session of topic.members) {
        if (topic.startsAfter && topic.startsAfter.size > 0 && !startsBefore(topic.startsAfter, session, publication)) continue;
        wanted.set(session, `${wanted.get(session) ?? ""},${index}`);
      }
    }
    const shared = new Map<string, Pick<Delivery, "publications" | "events">>();
    return Array.from(wanted, ([session, key]) => {
      let share = shared.get(key);
      if (!share) {
        const publications = key
          .slice(1)
          .split(",")
          .flatMap((index) => pending[Number(index)]?.publication ?? []);
        share = { publications, events: encodeEvents(publications) };
        shared.set(key, share);
      }
      return { session, ...share };
    });
  }
}

/** Whether the socket's subscription starts before this publication; from the first one that does, no more questions. */
function startsBefore(startsAfter: Map<Session, Position>, session: Session, publication: EncodedPublication): boolean {
  const start = startsAfter.get(session);
  if (!start) return true;
  if (!isNews(start, publication)) return false;
  startsAfter.delete(session);
  return true;
}
