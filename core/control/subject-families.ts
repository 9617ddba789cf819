import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { SUBJECT_STORE_LIMITS } from "./subject-limits.ts";

/** Bytes kept of a used secret's hash: nobody finds another text with the same eight. */
const USED_BYTES = 8;

/** The secrets of a family of refresh handles, as SHA-256 in hex. */
export interface FamilySecrets {
  /** The newest, never used so far. */
  readonly newest: string;
  /** The one before it, when the same secret was traded twice within the grace: also never used. */
  readonly twin: string | null;
  /** The secret that was traded last, and when first. */
  readonly previous: string | null;
  readonly previousAt: number | null;
  /** Beginnings of the hashes of every secret that may never come again. */
  readonly used: Uint8Array;
}

export type Trade =
  { readonly kind: "traded"; readonly secrets: FamilySecrets } | { readonly kind: "replayed" } | { readonly kind: "unknown" };

export function firstSecrets(secretHash: string): FamilySecrets {
  return { newest: secretHash, twin: null, previous: null, previousAt: null, used: new Uint8Array(0) };
}

/**
 * Trades a secret for the next one. Rotation with reuse detection (RFC 9700 section 4.14.2) and a grace for answers that
 * were lost: the secret traded last may come once more as long as neither of its successors was used. Then there are two,
 * whichever is used first goes on, and the other counts as used. So of two holders of one secret the second one to move on
 * always shows itself, whatever the order, while a client that merely repeats is never mistaken for a thief.
 * @param now epoch milliseconds
 */
export function tradeSecret(secrets: FamilySecrets, presented: string, next: string, now: number): Trade {
  const { newest, twin, previous, previousAt, used } = secrets;
  if (sameHash(presented, newest) || (twin !== null && sameHash(presented, twin))) {
    const spent = twin === null ? [newest] : [newest, twin];
    return { kind: "traded", secrets: { newest: next, twin: null, previous: presented, previousAt: now, used: remember(used, spent) } };
  }
  const lost = previous !== null && previousAt !== null && sameHash(presented, previous) && twin === null;
  if (lost && now - previousAt <= SUBJECT_LIMITS.refreshGraceMs) {
    return { kind: "traded", secrets: { ...secrets, newest: next, twin: newest } };
  }
  return wasUsed(used, presented) ? { kind: "replayed" } : { kind: "unknown" };
}

/** Whether this is a secret that its holder may end the family with: one never used, or the one before. */
export function holdsSecret({ newest, twin, previous }: FamilySecrets, presented: string): boolean {
  return [newest, twin, previous].some((hash) => hash !== null && sameHash(presented, hash));
}

/** When a family ends by itself. Epoch milliseconds. */
export function familyEndsAt(createdAt: number, lastUsedAt: number): number {
  return Math.min(lastUsedAt + SUBJECT_LIMITS.familyIdleS * 1_000, createdAt + SUBJECT_LIMITS.familyMaxS * 1_000);
}

/**
 * Whether a family has ended by itself, or with all that a revocation ended.
 * @param endedUntil families opened up to then are ended; undefined when nothing was revoked
 */
export function isFamilyOver(
  { createdAt, lastUsedAt }: { readonly createdAt: number; readonly lastUsedAt: number },
  endedUntil: number | undefined,
  now: number,
): boolean {
  return familyEndsAt(createdAt, lastUsedAt) <= now || (endedUntil !== undefined && createdAt <= endedUntil);
}

/** Once full, nothing is added: from then on whatever is not the newest is taken for used, which errs on the side of the owner. */
function remember(used: Uint8Array, hashes: readonly string[]): Uint8Array {
  if (isFull(used)) return used;
  const kept = new Uint8Array(used.length + hashes.length * USED_BYTES);
  kept.set(used);
  hashes.forEach((hash, at) => kept.set(beginning(hash), used.length + at * USED_BYTES));
  return kept;
}

function wasUsed(used: Uint8Array, presented: string): boolean {
  if (isFull(used)) return true;
  const wanted = beginning(presented);
  for (let at = 0; at < used.length; at += USED_BYTES) {
    if (wanted.every((byte, i) => used[at + i] === byte)) return true;
  }
  return false;
}

function isFull(used: Uint8Array): boolean {
  return used.length >= SUBJECT_STORE_LIMITS.usedSecrets * USED_BYTES;
}

function beginning(hash: string): Uint8Array {
  return Uint8Array.from({ length: USED_BYTES }, (_, i) => Number.parseInt(hash.slice(i * 2, i * 2 + 2), 16));
}

/** In a time that tells nothing of where they differ. */
function sameHash(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let i = 0; i < one.length; i++) difference |= one.charCodeAt(i) ^ other.charCodeAt(i);
  return difference === 0;
}
