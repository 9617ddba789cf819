import { randomBytes, scryptSync, timingSafeEqual } from "node:crypto";

/**
 * scrypt (RFC 7914) with the cost that OWASP's password storage cheat sheet lists for 16 MiB. Every hash carries its own
 * parameters, so they can rise without a migration.
 */
const COST = { ln: 14, r: 8, p: 5 } as const;
const KEY_BYTES = 32;
const SALT_BYTES = 16;

/**
 * Hashing is synchronous: one at a time per isolate, by nature of the runtime, so its memory is bounded. What has to be
 * bounded besides is how many wait, for each costs the isolate a tenth of a second.
 */
export const PASSWORD_LIMITS = {
  /** Requests of one isolate that may be between asking for a hash and having it. */
  waiting: 16,
  /** After this a waiting request is given up on: the platform ended it without telling us. */
  staleMs: 30_000,
} as const;

/** Thrown when too many wait; the answer is 503 with Retry-After. */
export class PasswordsBusy extends Error {
  override readonly name = "PasswordsBusy";
}

const waiting = new Map<symbol, number>();

/** Runs work that hashes passwords, unless too much of it is waiting already. @throws {PasswordsBusy} */
export async function whenHashing<T>(now: number, work: () => Promise<T>): Promise<T> {
  for (const [ticket, since] of waiting) if (now - since > PASSWORD_LIMITS.staleMs) waiting.delete(ticket);
  if (waiting.size >= PASSWORD_LIMITS.waiting) throw new PasswordsBusy("too many passwords are being checked");
  const ticket = Symbol("hashing");
  waiting.set(ticket, now);
  try {
    return await work();
  } finally {
    waiting.delete(ticket);
  }
}

/** `$scrypt$ln=14,r=8,p=5$salt$hash`, the parts in base64: the PHC string format. */
export function hashPassword(password: string): string {
  const salt = randomBytes(SALT_BYTES);
  return `$scrypt$ln=${COST.ln},r=${COST.r},p=${COST.p}$${salt.toString("base64")}$${derive(password, salt, COST).toString("base64")}`;
}

/** Whether the password is the one behind the hash. A hash in a form we do not write verifies nothing. */
export function verifyPassword(stored: string, password: string): boolean {
  const [, ln, r, p, salt, hash] =
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+)$/.exec(stored) ?? [];
  if (salt === undefined || hash === undefined) return false;
  const expected = Buffer.from(hash, "base64");
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
  const given = derive(password, Buffer.from(salt, "base64"), cost);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

function derive(password: string, salt: Buffer, { ln, r, p }: { ln: number; r: number; p: number }): Buffer {
  // NFKC: the same password typed on two systems may arrive composed differently.
  return scryptSync(password.normalize("NFKC"), salt, KEY_BYTES, { N: 2 ** ln, r, p, maxmem: 64 * 1024 * 1024 });
}
