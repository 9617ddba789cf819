import { unpackChanges } from "./change-codec.ts";
import type { ChangeSource, SetChange } from "./ranked-sets.ts";

/** Changes that the log holds beyond the checkpoint, sorted by ranking; each is handed out once, when its ranking is loaded. */
export class ChangeTail {
  readonly #bySet = new Map<number, SetChange[]>();
  /** Changes of all rankings at the time of reading. */
  readonly size: number;

  constructor(source: ChangeSource, checkpointedSeq: number) {
    let size = 0;
    for (const { changes } of source.since(checkpointedSeq)) {
      for (const change of unpackChanges(changes)) {
        const ofSet = this.#bySet.get(change.set);
        if (ofSet) ofSet.push(change);
        else this.#bySet.set(change.set, [change]);
        size += 1;
      }
    }
    this.size = size;
  }

  of(set: number): readonly SetChange[] {
    return this.#bySet.get(set) ?? [];
  }

  taken(set: number): void {
    this.#bySet.delete(set);
  }

  sets(): number[] {
    return [...this.#bySet.keys()];
  }
}
