import * as z from "zod";
import { KeyRing } from "../../contract/key-ring.ts";
import type { RingStatus } from "../serve/ring-status.ts";

/** A key ring's file. What KeyRing does not read is for these edits alone. */
const ringSchema = z.object({
  current: z.string(),
  keys: z.record(z.string(), z.string()),
  /** Rises with every edit. */
  version: z.number().int().nonnegative().default(0),
  /** Keys that were never current, oldest first: nothing was made with them. */
  added: z.array(z.string()).default([]),
  /** Keys ever made, so that no id is given twice. */
  made: z.number().int().nonnegative().default(0),
});
export type Ring = z.infer<typeof ringSchema>;

/** 32 random bytes, base64url. */
export type MakeKey = () => string;

/** Something that the person at the terminal has to know, in a sentence. */
export class RingError extends Error {
  override readonly name = "RingError";
}

/** @throws RingError, never with a key in it */
export function readRing(text: string): Ring {
  try {
    new KeyRing(text);
    return ringSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new RingError(`This is no key ring: ${error instanceof z.ZodError ? "it has another shape" : String(error)}`);
  }
}

export function ringText(ring: Ring): string {
  return `${JSON.stringify(ring)}\n`;
}

export function newRing(makeKey: MakeKey): Ring {
  return { current: "k1", keys: { k1: makeKey() }, version: 1, added: [], made: 1 };
}

/** A key more, which is not current: whoever has to know it can learn it before anything is made with it. */
export function addKey(ring: Ring, makeKey: MakeKey): { readonly ring: Ring; readonly id: string } {
  let made = Math.max(ring.made, Object.keys(ring.keys).length) + 1;
  while (`k${made}` in ring.keys) made += 1;
  const id = `k${made}`;
  return { id, ring: edited({ ...ring, keys: { ...ring.keys, [id]: makeKey() }, added: [...ring.added, id], made }) };
}

/** Makes the key that was added last the current one; a new one when none waits. */
export function rotateRing(ring: Ring, makeKey: MakeKey): { readonly ring: Ring; readonly id: string } {
  const waiting = ring.added.findLast((id) => id in ring.keys);
  if (waiting === undefined) {
    const grown = addKey(ring, makeKey);
    return rotateRing(grown.ring, makeKey);
  }
  return { id: waiting, ring: edited({ ...ring, current: waiting, added: ring.added.filter((id) => id !== waiting) }) };
}

export function withoutKey(ring: Ring, id: string): Ring {
  return edited({
    ...ring,
    keys: Object.fromEntries(Object.entries(ring.keys).filter(([known]) => known !== id)),
    added: ring.added.filter((known) => known !== id),
  });
}

/** The longest that something signed lives which nobody makes anew: a session that its person does not come back to. */
const SETTLE_MS = 7 * 86_400_000;

/**
 * Whether a key may leave the ring.
 * @param status what the node left about its ring and its walk; undefined when none is known
 * @param atOnce do not wait for what ends by itself
 * @returns why not, as a sentence; undefined when it may
 */
export function refuseRetire(ring: Ring, id: string, status: RingStatus | undefined, now: number, atOnce: boolean): string | undefined {
  if (!(id in ring.keys)) return `The ring has no key ${id}; it has ${Object.keys(ring.keys).join(", ")}.`;
  if (id === ring.current) return `${id} is the current key: make another one current first, with rotate.`;
  if (ring.added.includes(id)) return undefined; // nothing was ever made with it
  if (!status) return "No node is known whose walk says that nothing is sealed with it any more: name its state folder with --state.";
  const { walk } = status;
  if (status.current !== ring.current)
    return `The node works with ${status.current} still: start it, or wait until it has loaded the ring.`;
  if (walk?.ringId !== ring.current || walk.finishedAt === null)
    return `Something may still be sealed with ${id}: the walk is not done. Let the node run, and try again in a minute.`;
  const settledAt = walk.startedAt + SETTLE_MS;
  if (!atOnce && now < settledAt)
    return `Sessions may still be signed with ${id} until ${new Date(settledAt).toISOString()}, and tokens of end users for an hour after the rotation. With --now it goes at once, and who has not come back since then signs in again.`;
  return undefined;
}

function edited(ring: Ring): Ring {
  return { ...ring, version: ring.version + 1 };
}
