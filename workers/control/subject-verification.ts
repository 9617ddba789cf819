import { sha256Hex } from "../../contract/base64.ts";
import { cryptoRandom, randomText, uuidv7 } from "../../contract/ids.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { HostedAccount, PendingAccount } from "../../contract/rpc/subjects.ts";
import { emailDigest as digestOf, HOSTED, SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { directoryOf, placeOfEmail, placeOfSubject, subjectsAt, subjectsOf } from "../http/objects.ts";
import { isPasswordOf } from "./subject-password.ts";
import { objectCall, type SubjectScene } from "./subject-scene.ts";
import { takeLogin } from "./subjects-door-limits.ts";

/** `mrv_{place}_{secret}`: place is the number of the object whose directory keeps it. */
const TOKEN_PATTERN = /^mrv_([0-9]{1,3})_[a-z0-9]{32,64}$/;

/** How many subs are tried until one lives where its address does: at eight places one in 5,000 accounts is left with two objects. */
const SUB_TRIES = 64;

/** A new sub whose account lives at the object that holds its address. */
export function newSub(emailDigest: string, now: number): string {
  const wanted = placeOfEmail(emailDigest);
  let sub = uuidv7(now, cryptoRandom);
  for (let tries = 1; tries < SUB_TRIES && placeOfSubject(HOSTED, sub) !== wanted; tries++) sub = uuidv7(now, cryptoRandom);
  return sub;
}

/**
 * Asks for the mail whose link makes the account. What is done, and what is answered, is the same whether or not the address has
 * an account. @returns where the link leads
 */
export async function askForProof(
  scene: SubjectScene & { readonly slug: string },
  wanted: { readonly email: string; readonly name: string | undefined; readonly passwordHash: string; readonly sub: string | null },
): Promise<Outcome<{ readonly link: string }>> {
  const email = wanted.email.trim();
  const emailDigest = await digestOf(scene.tenantId, email);
  const sub = wanted.sub ?? newSub(emailDigest, scene.now);
  const token = `mrv_${placeOfEmail(emailDigest)}_${randomText(40, cryptoRandom)}`;
  // Behind the `#`, so that no server's log holds it.
  const link = `${scene.env.PUBLIC_URL}/play/account?tenant=${encodeURIComponent(scene.slug)}#verify=${token}`;
  const pending: PendingAccount = { sub, email, emailDigest, passwordHash: wanted.passwordHash, name: wanted.name ?? nameFrom(email) };
  const begun = await directoryOf(objectCall(scene), emailDigest).beginVerification(pending, await hashOf(token), link, scene.meta);
  return begun.ok ? accept({ link }) : begun;
}

/**
 * Uses a mailed token: the address is proved, and the account there from now on. Using it again while it is being used is harmless.
 * @param password that was chosen with the address. Without it the owner of an address would complete, with one click, an account
 *   that a stranger has registered for them and knows the password of
 */
export async function useProof(scene: SubjectScene, token: string, password: string): Promise<Outcome<HostedAccount>> {
  const place = Number(TOKEN_PATTERN.exec(token)?.[1] ?? Number.NaN);
  if (!(place < SUBJECT_LIMITS.places)) return UNKNOWN;
  const call = objectCall(scene);
  const directory = subjectsAt(call, place);
  const tokenHash = await hashOf(token);
  const pending = await directory.pendingOf(tokenHash);
  if (!pending) return UNKNOWN;
  const taken = await takeLogin(scene, pending.emailDigest);
  if (!taken.ok) return taken;
  const genuine = await isPasswordOf(pending.passwordHash, password, scene.now);
  if (!genuine.ok) return genuine;
  if (!genuine.value) return NOT_CHOSEN;
  const claimed = await directory.claimEmail(tokenHash, scene.meta);
  if (!claimed.ok) return claimed;
  const { emailDigest, sub } = claimed.value;
  const put = await subjectsOf(call, HOSTED, sub).putAccount(claimed.value, scene.meta);
  if (!put.ok) {
    // Deleted between the mail and its link: the address is nobody's again.
    await directory.releaseEmail(emailDigest, sub);
    return put;
  }
  await directory.finishVerification(tokenHash);
  return accept(put.value.account);
}

const UNKNOWN = refuse("gone", "This link was used already or is too old. Register again to get another.");

const NOT_CHOSEN = refuse(
  "wrong-credentials",
  "Give the password that was chosen with this address. If it was not you who registered it, register it yourself.",
);

async function hashOf(text: string): Promise<string> {
  return await sha256Hex(new TextEncoder().encode(text));
}

/** What stands before the @, for those who give no name. */
function nameFrom(email: string): string {
  return email.slice(0, email.lastIndexOf("@")).slice(0, SUBJECT_LIMITS.nameChars);
}
