import { ROOM_LIMITS } from "../contract/room-limits.ts";
import type { LiveDeps } from "./live.ts";

/** A room says once that somebody types: without another word it is over a little later than the room itself forgets it. */
const FORGET_MS = ROOM_LIMITS.typingMs + 1_000;

/** Who types in a room, as far as it was told. */
export class Typists {
  readonly #deps: Pick<LiveDeps, "after">;
  readonly #changed: () => void;
  readonly #until = new Map<string, () => void>();

  constructor(deps: Pick<LiveDeps, "after">, changed: () => void) {
    this.#deps = deps;
    this.#changed = changed;
  }

  get people(): readonly string[] {
    return [...this.#until.keys()];
  }

  told(subject: string, on: boolean): void {
    const before = this.#until.get(subject);
    before?.();
    if (on) {
      this.#until.set(
        subject,
        this.#deps.after(FORGET_MS, () => this.told(subject, false)),
      );
    } else this.#until.delete(subject);
    if (on !== (before !== undefined)) this.#changed();
  }

  clear(): void {
    for (const cancel of this.#until.values()) cancel();
    this.#until.clear();
  }
}
