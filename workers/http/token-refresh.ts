import { sha256Hex } from "../../contract/base64.ts";
import { cryptoRandom, randomText } from "../../contract/ids.ts";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { REFRESH_PATTERN } from "../../contract/subjects.ts";

/** Characters of a handle's secret: 200 random bits. */
const SECRET_CHARS = 40;

/** Where a refresh handle's family is kept. */
export interface RefreshPlace {
  readonly tenantId: string;
  /** Number of the `Subjects` object. */
  readonly place: number;
  readonly familyId: string;
}

export interface RefreshHandle extends RefreshPlace {
  /** SHA-256 of the secret, hex: all that is ever stored or sent on. */
  readonly secretHash: string;
}

/** A new handle of the family, which ends the one before. It is shown once. */
export async function makeRefreshHandle(at: RefreshPlace): Promise<{ readonly handle: string; readonly secretHash: string }> {
  const secret = randomText(SECRET_CHARS, cryptoRandom);
  return { handle: `mrr_${at.tenantId}_${at.place}_${at.familyId}_${secret}`, secretHash: await hashOf(secret) };
}

/**
 * What a handle names; undefined for any other text. Anybody can write one: ask `tenantExists` before an object of its tenant is
 * addressed.
 */
export async function readRefreshHandle(text: string): Promise<RefreshHandle | undefined> {
  const [, tenantId = "", number = "", familyId = "", secret = ""] = REFRESH_PATTERN.exec(text) ?? [];
  const place = Number(number);
  if (secret === "" || place >= SUBJECT_LIMITS.places || String(place) !== number) return undefined;
  return { tenantId, place, familyId, secretHash: await hashOf(secret) };
}

async function hashOf(secret: string): Promise<string> {
  return await sha256Hex(new TextEncoder().encode(secret));
}
