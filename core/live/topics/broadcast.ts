import type { Publication } from "../../../contract/rpc/hub.ts";
import { TOPIC_LIMITS } from "../../../contract/room-limits.ts";
import { Lane } from "./lane.ts";

interface Window {
  readonly lane: Lane;
  flushedAt: number;
  /** When what waits is due; undefined: nothing waits. */
  dueAt: number | undefined;
}

/** Channels whose last flush is remembered: one that is forgotten goes out at once, which is what a quiet one does anyway. */
const WINDOWS = 10_000;

/**
 * When the publications of each topic go on their way: at once when none did within its `flushMs`, else together at the end of
 * it; what is critical takes with it whatever waits of its topic, so that order holds. `now` is epoch milliseconds.
 */
export class Broadcast {
  readonly #windows = new Map<string, Window>();
  readonly #waiting = new Set<Window>();

  /** @returns what goes out now, in order */
  add(channel: string, publications: readonly Publication[], flushMs: number, now: number): Publication[] {
    const window = this.#windowOf(channel);
    window.lane.add(publications);
    const dueAt = Math.min(window.flushedAt + flushMs, now + flushMs); // also by a clock that was set back
    const urgent = publications.some(({ priority }) => priority === "critical");
    if (urgent || dueAt <= now || window.lane.size > TOPIC_LIMITS.laneSoft) return this.#take(window, now);
    window.dueAt = Math.min(window.dueAt ?? dueAt, dueAt);
    this.#waiting.add(window);
    return [];
  }

  /** How long until something is due; undefined: nothing waits. */
  waitMs(now: number): number | undefined {
    let least: number | undefined;
    for (const { dueAt } of this.#waiting) if (dueAt !== undefined && (least === undefined || dueAt < least)) least = dueAt;
    return least === undefined ? undefined : Math.max(0, least - now);
  }

  /** Everything that is due, by topic in order. */
  due(now: number): Publication[] {
    return [...this.#waiting].flatMap((window) => (window.dueAt !== undefined && window.dueAt <= now ? this.#take(window, now) : []));
  }

  counts(): { critical: number; normal: number; low: number } {
    const sum = { critical: 0, normal: 0, low: 0 };
    for (const { lane } of this.#waiting) {
      const { critical, normal, low } = lane.counts();
      sum.critical += critical;
      sum.normal += normal;
      sum.low += low;
    }
    return sum;
  }

  #take(window: Window, now: number): Publication[] {
    window.dueAt = undefined;
    this.#waiting.delete(window);
    window.flushedAt = now;
    return window.lane.take(Number.MAX_SAFE_INTEGER);
  }

  #windowOf(channel: string): Window {
    let window = this.#windows.get(channel);
    if (!window) {
      if (this.#windows.size >= WINDOWS) this.#forgetOne();
      window = { lane: new Lane(), flushedAt: Number.NEGATIVE_INFINITY, dueAt: undefined };
      this.#windows.set(channel, window);
    }
    return window;
  }

  #forgetOne(): void {
    for (const [channel, { dueAt }] of this.#windows) {
      if (dueAt !== undefined) continue;
      this.#windows.delete(channel);
      return;
    }
  }
}
