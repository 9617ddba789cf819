import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { KeyRing } from "../../contract/key-ring.ts";
import { digestsOf } from "./ring-status.ts";

/** Stat-polling sees replaced files, links that are moved, and mounted secrets, on every system. */
const POLL_MS = 1_000;
/** A good ring that the platform did not take at once is offered again. */
const RETRY_MS = 5_000;

export interface RingWatch {
  readonly file: string;
  /** What is in force now. */
  readonly text: string;
  readonly reload: (text: string) => Promise<void>;
  /** A sentence for whoever runs the node; never anything of the file's content. */
  readonly say: (sentence: string) => void;
  readonly pollMs?: number;
}

/**
 * What follows a ring has its current key, and no other key under an id of it: anything else is another deployment's file, or one
 * from before, and what was made until now could not be opened with it. @throws with a sentence that says why
 */
function refuseForeign(known: string, text: string): void {
  if (new KeyRing(text).isOlderThan(new KeyRing(known))) throw new Error("it is an earlier edit");
  const [had, has] = [digestsOf(known), digestsOf(text)];
  const { current } = new KeyRing(known);
  if (!(current in has)) throw new Error(`it lacks ${current}, the current key`);
  const other = Object.keys(has).filter((id) => id in had && has[id] !== had[id]);
  if (other.length > 0) throw new Error(`it has another key under the id ${other.join(", ")}`);
}

/** Hands over the ring whenever its file changes. What is no ring, or not one that follows, is said and left alone: the one in force stays. @returns stops it */
export function watchRing(watch: RingWatch): () => void {
  let known = watch.text;
  let running: Promise<void> = Promise.resolve();
  let again: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    clearTimeout(again);
    try {
      const text = readFileSync(watch.file, "utf8");
      if (text === known) return;
      const { ids } = new KeyRing(text);
      refuseForeign(known, text);
      again = setTimeout(changed, RETRY_MS).unref();
      await watch.reload(text);
      clearTimeout(again);
      known = text;
      watch.say(`the key ring was loaded anew: ${ids.join(", ")}, the first one current`);
    } catch (error) {
      watch.say(`${watch.file} was not taken, the key ring in force stays: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const changed = (): void => {
    running = running.then(look);
  };
  watchFile(watch.file, { interval: watch.pollMs ?? POLL_MS }, changed);
  // It may have changed since it was read: a first start builds and migrates in between.
  changed();
  return () => {
    clearTimeout(again);
    unwatchFile(watch.file, changed);
  };
}
