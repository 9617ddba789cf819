import { sha256Hex } from "../../contract/base64.ts";
import { keyRing } from "../../contract/key-ring.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { clientAddress, UNKNOWN_ADDRESS } from "../http/client-address.ts";
import { directoryOf } from "../http/objects.ts";
import { takeAttempt } from "./auth-attempts.ts";
import { objectCall, type SubjectScene } from "./subject-scene.ts";

/** One of the deployment's attempts of this address: what costs a hash, a mail or an account is bounded by it, whatever the tenant. */
export async function takeFromAddress({ env, request }: Pick<SubjectScene, "env" | "request">): Promise<Outcome<undefined>> {
  const address = clientAddress(request);
  return await takeAttempt(env, address === UNKNOWN_ADDRESS ? "doorUnknown" : "doorAddress", address);
}

/** One of the log-in attempts of this account from this place. An account that does not exist has them too. */
export async function takeLogin(scene: SubjectScene, emailDigest: string): Promise<Outcome<undefined>> {
  const { allowed, retryAfterMs } = await directoryOf(objectCall(scene), emailDigest).takeLogin(emailDigest, await placeOf(scene));
  if (allowed) return accept(undefined);
  return refuse("rate-limited", "Too many attempts for this account from here. Wait before you try again.", {
    retryAfterS: Math.max(1, Math.ceil(retryAfterMs / 1_000)),
  });
}

/** This place is the owner's: attempts of strangers elsewhere do not slow it. */
export async function noteOwnPlace(scene: SubjectScene, emailDigest: string): Promise<void> {
  await directoryOf(objectCall(scene), emailDigest).loginSucceeded(emailDigest, await placeOf(scene));
}

/** A network address as the tenant's objects know it: a keyed digest, from which nobody reads who it was. */
async function placeOf({ env, tenantId, request }: SubjectScene): Promise<string> {
  const secret = await keyRing(env).secret("attempts");
  const text = `${secret}\nplace\n${tenantId}\n${clientAddress(request)}`;
  return (await sha256Hex(new TextEncoder().encode(text))).slice(0, 32);
}
