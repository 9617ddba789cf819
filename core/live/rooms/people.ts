import type { PersonPresence } from "../../../contract/room-live.ts";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import type { PresenceBook } from "./acts.ts";

export type PresenceState = PersonPresence["state"];
export type PresenceData = PersonPresence["data"];

/** One of a person's sockets. */
export interface Tab {
  readonly away: boolean;
}

interface Person<T> {
  /** Mostly one: a list is a third of a set. */
  tabs: T[];
  data: PresenceData;
  /** When the last socket closed; null while there is one. */
  goneAt: number | null;
  /** What the others were told. */
  told: string;
  /** When they came, after the first time. */
  returns: number[] | undefined;
}

const HOUR_MS = 3_600_000;
const RETURNS = 100;

/**
 * Who is there: one person however many sockets they have, away when all of those are, and offline ten seconds after the last one closed.
 * In memory only. `now` is epoch milliseconds.
 */
export class People<T extends Tab> implements PresenceBook {
  readonly #people = new Map<string, Person<T>>();
  /** Those without a socket who still count as there, the first to have gone first. */
  readonly #leaving = new Set<string>();
  /** Whose presence may be another than the others know; offline people with when they were seen last. */
  readonly #news = new Map<string, number | null>();

  come(subject: string, tab: T, data: PresenceData, now: number): void {
    const person = this.#people.get(subject);
    if (person) {
      person.tabs = [...person.tabs, tab];
      person.goneAt = null;
      person.returns = [...(person.returns ?? []), now].slice(-RETURNS);
      this.#leaving.delete(subject);
    } else {
      this.#people.set(subject, { tabs: [tab], data, goneAt: null, told: "", returns: undefined });
    }
    this.#news.set(subject, null);
  }

  /** @returns whether it was the last of theirs */
  go(subject: string, tab: T, now: number): boolean {
    const person = this.#people.get(subject);
    if (!person?.tabs.includes(tab)) return false;
    person.tabs = person.tabs.filter((other) => other !== tab);
    this.#news.set(subject, null);
    if (person.tabs.length > 0) return false;
    person.goneAt = now;
    this.#leaving.add(subject);
    return true;
  }

  /** Somebody who does not belong here any more: they are offline at once. */
  dismiss(subject: string, now: number): void {
    const person = this.#people.get(subject);
    if (!person) return;
    this.#people.delete(subject);
    this.#leaving.delete(subject);
    this.#news.set(subject, person.goneAt ?? now);
  }

  /** A socket's state has changed, or what the person says of themselves. */
  changed(subject: string, data: PresenceData | undefined): void {
    const person = this.#people.get(subject);
    if (!person) return;
    if (data !== undefined) person.data = data;
    this.#news.set(subject, null);
  }

  /** Everybody who is there counts as told: after a sleep, which changed nothing. */
  settle(): void {
    for (const person of this.#people.values()) person.told = key(this.#stateOf(person), person.data);
    this.#news.clear();
  }

  /** Those whose grace is over are offline. */
  expire(now: number): void {
    for (const subject of this.#leaving) {
      const goneAt = this.#people.get(subject)?.goneAt ?? now;
      // A clock that was set back keeps nobody here.
      if (Math.abs(now - goneAt) < L.presenceGraceMs) return;
      this.#people.delete(subject);
      this.#leaving.delete(subject);
      this.#news.set(subject, goneAt);
    }
  }

  /** When somebody's grace ends; undefined when nobody is leaving. */
  dueAt(): number | undefined {
    const [subject] = this.#leaving;
    const goneAt = subject === undefined ? undefined : this.#people.get(subject)?.goneAt;
    return goneAt === undefined || goneAt === null ? undefined : goneAt + L.presenceGraceMs;
  }

  get hasNews(): boolean {
    return this.#news.size > 0;
  }

  /** Takes the news: only what really is another than was told. */
  take(): PersonPresence[] {
    const items: PersonPresence[] = [];
    for (const [subject, lastSeenAt] of this.#news) {
      const person = this.#people.get(subject);
      if (!person) {
        items.push({ subject, state: "offline", lastSeenAt, data: null });
        continue;
      }
      const state = this.#stateOf(person);
      const told = key(state, person.data);
      if (told === person.told) continue;
      person.told = told;
      items.push({ subject, state, lastSeenAt: null, data: person.data });
    }
    this.#news.clear();
    return items;
  }

  /** So many of those who are there. */
  present(limit: number): PersonPresence[] {
    const items: PersonPresence[] = [];
    for (const [subject, person] of this.#people) {
      if (items.length === limit) break;
      items.push({ subject, state: this.#stateOf(person), lastSeenAt: null, data: person.data });
    }
    return items;
  }

  stateOf(subject: string): PresenceState {
    const person = this.#people.get(subject);
    return person ? this.#stateOf(person) : "offline";
  }

  /** A person's sockets. */
  tabsOf(subject: string): readonly T[] {
    return this.#people.get(subject)?.tabs ?? [];
  }

  /** How often somebody came back in the last hour. */
  returnsOf(subject: string, now: number): number {
    return this.#people.get(subject)?.returns?.filter((at) => now - at < HOUR_MS).length ?? 0;
  }

  #stateOf(person: Person<T>): "online" | "away" {
    // Of somebody who may be on their way back nothing has changed yet.
    if (person.tabs.length === 0) return person.told.startsWith("away") ? "away" : "online";
    for (const { away } of person.tabs) if (!away) return "online";
    return "away";
  }
}

function key(state: PresenceState, data: PresenceData): string {
  return `${state} ${JSON.stringify(data)}`;
}
