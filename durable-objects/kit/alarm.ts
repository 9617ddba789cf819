import { nextAlarm } from "../../core/kit/next-alarm.ts";

/** The object's one alarm, seen from the kit's clock. */
export class Alarm {
  readonly #storage: Pick<DurableObjectStorage, "getAlarm" | "setAlarm" | "deleteAlarm">;
  readonly #offsetMs: number;
  readonly #background: (work: Promise<unknown>) => void;
  /** By the kit's clock. What we last told the platform; null inside and after a run. */
  #armedAt: number | null = null;

  /** @param offsetMs the kit's clock minus the platform's: an alarm for `dueAt` is armed at `dueAt - offsetMs` */
  constructor(
    storage: Pick<DurableObjectStorage, "getAlarm" | "setAlarm" | "deleteAlarm">,
    offsetMs: number,
    background: (work: Promise<unknown>) => void,
  ) {
    this.#storage = storage;
    this.#offsetMs = offsetMs;
    this.#background = background;
  }

  /** Learns what the platform has. One that is past due counts as missing: it may have been given up after its retries. */
  async load(now: number): Promise<void> {
    const at = await this.#storage.getAlarm();
    this.#armedAt = at === null || at + this.#offsetMs < now ? null : at + this.#offsetMs;
  }

  /** The platform has taken the alarm away to run it. */
  fired(): void {
    this.#armedAt = null;
  }

  /**
   * Moves the alarm to the earliest deadline. Called in the same turn as the commit that set the deadlines, so that the
   * platform stores both or neither.
   */
  settle(dueAts: Iterable<number>): void {
    const move = nextAlarm(dueAts, this.#armedAt);
    switch (move.kind) {
      case "keep":
        return;
      case "disarm":
        this.#armedAt = null;
        this.#background(this.#storage.deleteAlarm());
        return;
      case "arm":
        this.#armedAt = move.at;
        this.#background(this.#storage.setAlarm(move.at - this.#offsetMs));
        return;
    }
  }
}
