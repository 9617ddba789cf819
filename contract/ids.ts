import { toHex } from "./base64.ts";

/** Fills the array with random bytes; `crypto.getRandomValues` at the edge, a seeded generator in tests. */
export type RandomBytes = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

/**
 * A UUIDv7 (RFC 9562 section 5.7): 48 bits of epoch milliseconds, then 74 random bits. Sorts by time as text.
 * @param nowMs epoch milliseconds
 */
export function uuidv7(nowMs: number, random: RandomBytes): string {
  const bytes = random(new Uint8Array(16));
  let rest = Math.floor(nowMs);
  for (let i = 5; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = toHex(bytes);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Random text of base32 digits without look-alikes (Crockford), 5 bits a character: safe in URLs, headers and double clicks. */
export function randomText(length: number, random: RandomBytes): string {
  const digits = "0123456789abcdefghjkmnpqrstvwxyz";
  return Array.from(random(new Uint8Array(length)), (byte) => digits[byte & 31]).join("");
}

/** The edge's own source of randomness; below the edge it is a parameter. */
export const cryptoRandom: RandomBytes = (bytes) => crypto.getRandomValues(bytes);
