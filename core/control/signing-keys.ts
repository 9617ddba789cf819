import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";

/** Milliseconds after its successor that a key still verifies: whatever it signed has ended by itself then. */
export const SIGNING_KEY_AFTERLIFE_MS = (SUBJECT_LIMITS.tokenTtlMaxS + SUBJECT_LIMITS.clockSkewS) * 1_000;

/** The ring id in a key id `{ringId}-{serial}-{mac}`; a ring id may hold dashes itself. */
export function ringIdOf(keyId: string): string {
  return keyId.split("-").slice(0, -2).join("-");
}

/** Whether the tenant needs a new signing key: it has none, or the ring's current key is another than that of the time. */
export function needsSigningKey(current: { readonly keyId: string } | undefined, ringId: string): boolean {
  return current === undefined || ringIdOf(current.keyId) !== ringId;
}
