import type { RoomFrame } from "../contract/room-live.ts";

interface Settle {
  readonly done: () => void;
  readonly failed: (error: RoomRefusal) => void;
}

/** The room refuses a change. */
export class RoomRefusal extends Error {
  override readonly name = "RoomRefusal";
  readonly code: string;

  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}

/** Edits, deletions and reactions that wait for the room's answer, by the `ref` of their frames. */
export class PendingChanges {
  readonly #newId: () => string;
  readonly #asked = new Map<string, Settle>();

  constructor(newId: () => string) {
    this.#newId = newId;
  }

  /** @throws RoomRefusal */
  async ask(frame: (ref: string) => RoomFrame, send: (frame: RoomFrame) => void): Promise<void> {
    const ref = this.#newId();
    await new Promise<void>((done, failed) => {
      this.#asked.set(ref, { done, failed });
      send(frame(ref));
    });
  }

  acknowledged(ref: string): void {
    this.#take(ref)?.done();
  }

  /** @returns whether it was one of these */
  refused(ref: string, code: string, detail: string): boolean {
    const asked = this.#take(ref);
    asked?.failed(new RoomRefusal(code, detail));
    return asked !== undefined;
  }

  /** No answer comes any more, whether or not the change was made. */
  lost(): void {
    for (const { failed } of this.#asked.values())
      failed(new RoomRefusal("connection-lost", "The connection was lost before an answer came. Look, then try again."));
    this.#asked.clear();
  }

  #take(ref: string): Settle | undefined {
    const asked = this.#asked.get(ref);
    this.#asked.delete(ref);
    return asked;
  }
}
