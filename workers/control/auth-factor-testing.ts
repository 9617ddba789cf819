import { env } from "cloudflare:test";
import { cryptoRandom, randomText, uuidv7 } from "../../contract/ids.ts";
import type { TwoFactorStarted } from "../../contract/second-factors.ts";
import { hashPassword } from "./auth-password.ts";
import { ask, type Asked, cookiesOf, seedOperator, type SeededOperator } from "./testing.ts";

export const PASSWORD = "correct horse battery";
/** Hashed once: on a busy machine each hash takes half a second. */
let stored = "";

/** A signed-in person who has a password. */
export async function seedPerson(owner?: SeededOperator): Promise<SeededOperator> {
  const person = await seedOperator("owner", owner);
  await env.DB.prepare(
    `INSERT INTO identity_account (id, account_id, provider_id, user_id, password, created_at, updated_at)
     VALUES (?1, ?2, 'credential', ?2, ?3, ?4, ?4)`,
  )
    .bind(uuidv7(Date.now(), cryptoRandom), person.userId, (stored ||= hashPassword(PASSWORD)), Date.now())
    .run();
  return person;
}

/** An address of its own, whose tries no other test takes. */
export const from = () => ({ "cf-connecting-ip": `203.0.113.9-${randomText(8, cryptoRandom)}` });

export async function firstStep(email: string, how: Asked = {}): Promise<Response> {
  return await ask("/v1/auth/sign-in/email", { headers: from(), ...how, body: { email, password: PASSWORD } });
}

export interface Protected extends SeededOperator {
  /** The app's secret, as the address shows it. */
  readonly uri: string;
  readonly backupCodes: readonly string[];
}

/** A person whose second factor is on; switching it on took the code of this moment. */
export async function seedProtected(): Promise<Protected> {
  const person = await seedPerson();
  const started = await ask("/v1/auth/two-factor/enable", { body: { currentPassword: PASSWORD }, cookie: person.cookie });
  const { uri, backupCodes } = await started.json<TwoFactorStarted>();
  const verified = await ask("/v1/auth/two-factor/verify", { body: { code: await totp(uri) }, cookie: person.cookie });
  if (verified.status !== 200) throw new Error(await verified.text());
  return { ...person, uri, backupCodes, cookie: cookiesOf(verified) };
}

/** The code that an authenticator app shows (RFC 6238: SHA-1, six digits, 30 s), `steps` periods from now; one is still taken. */
export async function totp(uri: string, steps = 0): Promise<string> {
  const secret = bytesOfBase32(new URL(uri).searchParams.get("secret") ?? "");
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-1" }, false, ["sign"]);
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(Math.floor(Date.now() / 30_000) + steps));
  const mac = new DataView(await crypto.subtle.sign("HMAC", key, counter.buffer));
  const at = mac.getUint8(19) & 15;
  return String((mac.getUint32(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

function bytesOfBase32(text: string): Uint8Array<ArrayBuffer> {
  const digits = text
    .replaceAll("=", "")
    .replaceAll(/./g, (char) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(char).toString(2).padStart(5, "0"));
  return Uint8Array.from(digits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
}
