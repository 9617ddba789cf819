import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import type { Receipt } from "../../../contract/rooms.ts";
import { People, type Tab } from "./people.ts";
import type { Passing } from "./room-frames.ts";
import { Typing } from "./typing.ts";

/** When something may be told again: at once after a pause, else together with what comes within the time. */
class Pace {
  #lastAt = -Infinity;

  dueAt(everyMs: number): number {
    return this.#lastAt + everyMs;
  }

  /** Whether it may be told now; if so, it counts as told. A clock that was set back holds up nothing. */
  take(everyMs: number, now: number): boolean {
    if (now < this.dueAt(everyMs) && now >= this.#lastAt) return false;
    this.#lastAt = now;
    return true;
  }
}

/** What is told and not kept in a room: who is there, who types, and how far everybody has read. `now` is epoch milliseconds. */
export class PassingNews<T extends Tab> {
  readonly people = new People<T>();
  readonly typing = new Typing();
  /** Receipts that have moved and were not told. */
  readonly #receipts = new Map<string, Receipt>();
  readonly #paces = { typing: new Pace(), presence: new Pace(), receipts: new Pace() };

  receipt(receipt: Receipt): void {
    this.#receipts.set(receipt.subject, receipt);
  }

  /** The next time that `take` has something to do; undefined: until something happens, never. @param wide of `take` */
  dueAt(wide: boolean): number | undefined {
    const { people, typing } = this;
    const times = [people.dueAt(), typing.dueAt()];
    if (typing.hasNews) times.push(this.#paces.typing.dueAt(typingEvery(wide)));
    if (people.hasNews) times.push(this.#paces.presence.dueAt(L.presenceEveryMs));
    if (this.#receipts.size > 0) times.push(this.#paces.receipts.dueAt(L.receiptFlushMs));
    let earliest: number | undefined;
    for (const at of times) if (at !== undefined && (earliest === undefined || at < earliest)) earliest = at;
    return earliest;
  }

  /**
   * What is to be told now.
   * @param wide a room of so many that presence is in the list of members only, and each person's receipts are their own
   */
  take(wide: boolean, now: number): Passing[] {
    const { people, typing } = this;
    const paces = this.#paces;
    const told: Passing[] = [];
    typing.expire(now);
    people.expire(now);
    if (typing.hasNews && paces.typing.take(typingEvery(wide), now)) told.push({ type: "typing", items: typing.take(L.typistsShown) });
    if (people.hasNews && paces.presence.take(L.presenceEveryMs, now)) {
      const items = people.take();
      if (items.length > 0 && !wide) told.push({ type: "presence", items });
    }
    if (this.#receipts.size > 0 && paces.receipts.take(L.receiptFlushMs, now)) {
      told.push({ type: "receipts", items: [...this.#receipts.values()] });
      this.#receipts.clear();
    }
    return told;
  }
}

function typingEvery(wide: boolean): number {
  return wide ? L.wideEveryMs : L.typingTogetherMs;
}
