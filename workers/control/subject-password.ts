import { createHash } from "node:crypto";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { hashPassword, PasswordsBusy, verifyPassword, whenHashing } from "./auth-password.ts";
import { COMMON_PASSWORDS } from "./common-passwords.ts";

let common: Uint32Array | undefined;

/** Whether many people use this password, so that guessing begins with it; capitals do not make it another one. */
export function isCommonPassword(password: string): boolean {
  common ??= readHashes();
  const hash = createHash("sha256").update(password.normalize("NFKC").toLowerCase()).digest().readUInt32BE(0);
  let [low, high] = [0, common.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((common[middle] ?? 0) < hash) low = middle + 1;
    else high = middle;
  }
  return common[low] === hash;
}

/** A password that somebody chooses: hashed, unless it is one of the commonest. `field` is its place in the body. */
export async function hashChosen(password: string, field: string, now: number): Promise<Outcome<string>> {
  if (isCommonPassword(password)) {
    const errors = [{ pointer: `/${field}`, detail: "This password is one of the 10,000 commonest: choose another." }];
    return refuse("invalid-body", "Choose another password; see errors.", { errors });
  }
  return await hashing(now, () => hashPassword(password));
}

/** Whether it is the account's password. Without an account it takes the same time and is not. */
export async function isPasswordOf(passwordHash: string | null, password: string, now: number): Promise<Outcome<boolean>> {
  return await hashing(now, () => {
    const genuine = verifyPassword(passwordHash ?? NO_HASH, password);
    return genuine && passwordHash !== null; // one of nothing is nobody's, were it ever found
  });
}

/** What is compared with where there is no account: of the cost of every hash we write, and the hash of nothing. */
export const NO_HASH = `$scrypt$ln=14,r=8,p=5$${"A".repeat(22)}==$${"A".repeat(43)}=`;

async function hashing<T>(now: number, work: () => T): Promise<Outcome<T>> {
  try {
    return accept(await whenHashing(now, async () => await Promise.resolve(work())));
  } catch (error) {
    if (!(error instanceof PasswordsBusy)) throw error;
    return refuse("unavailable", "Too many people sign in at this moment. Try again.", { retryAfterS: 2 });
  }
}

function readHashes(): Uint32Array {
  const bytes = Buffer.from(COMMON_PASSWORDS, "base64");
  return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32BE(i * 4));
}
