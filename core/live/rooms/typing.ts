import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";

interface Typist {
  /** Whether they type; and until when, unless it is repeated. */
  on: boolean;
  /** Whether the others think so. */
  told: boolean;
  until: number;
  /** When that somebody types was passed on last. */
  passedAt: number;
}

/** Who types. Passed on at most once a second for each, gone after three, never stored. `now` is epoch milliseconds. */
export class Typing {
  readonly #typists = new Map<string, Typist>();
  /** What the others do not know yet: by person, whether they type. */
  readonly #news = new Map<string, boolean>();
  /** No typist ends before this. */
  #firstEnd = Infinity;

  /** A person says that they type, or that they do not any more. */
  say(subject: string, on: boolean, now: number): void {
    if (on) this.#start(subject, now);
    else this.stop(subject);
  }

  /** They have stopped, sent what they typed, or are gone. */
  stop(subject: string): void {
    const typist = this.#typists.get(subject);
    if (!typist?.on) return;
    typist.on = false;
    if (typist.told) this.#news.set(subject, false);
    else this.#news.delete(subject); // there is nothing to take back
  }

  #start(subject: string, now: number): void {
    const typist = this.#typists.get(subject);
    if (typist && Math.abs(now - typist.passedAt) < L.typingEveryMs) {
      if (typist.on) typist.until = now + L.typingMs;
      return; // more often than it is passed on
    }
    this.#typists.set(subject, { on: true, told: typist?.told ?? false, until: now + L.typingMs, passedAt: now });
    this.#firstEnd = Math.min(this.#firstEnd, now + L.typingMs);
    this.#news.set(subject, true);
  }

  /** Ends what was not repeated. */
  expire(now: number): void {
    if (now < this.#firstEnd && this.#firstEnd - now <= L.typingMs) return; // a clock that was set back lets nobody type for ever
    this.#firstEnd = Infinity;
    for (const [subject, typist] of this.#typists) {
      if (typist.on && (now >= typist.until || typist.until - now > L.typingMs)) this.stop(subject);
      if (typist.on) this.#firstEnd = Math.min(this.#firstEnd, typist.until);
      else if (!typist.told && Math.abs(now - typist.passedAt) >= L.typingEveryMs) this.#typists.delete(subject);
    }
  }

  /** When somebody ends by themselves; undefined while nobody types. */
  dueAt(): number | undefined {
    return this.#firstEnd === Infinity ? undefined : this.#firstEnd;
  }

  get hasNews(): boolean {
    return this.#news.size > 0;
  }

  /** Takes news of so many people; the others' stay. */
  take(limit: number): { subject: string; on: boolean }[] {
    const items: { subject: string; on: boolean }[] = [];
    for (const [subject, on] of this.#news) {
      if (items.length === limit) break;
      items.push({ subject, on });
      this.#news.delete(subject);
      const typist = this.#typists.get(subject);
      if (typist) typist.told = on;
    }
    return items;
  }
}
