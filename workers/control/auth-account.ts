import { type SignedIn, signedInSchema } from "../../contract/access.ts";
import { accept, type Outcome } from "../../contract/problems.ts";
import type { AuditNote } from "../../contract/rpc/tenant.ts";
import type { EdgeEnv } from "../env.ts";
import { tenantOf } from "../http/objects.ts";
import { clientAddress } from "../http/client-address.ts";
import { forgetAttempts, takeAttempt } from "./auth-attempts.ts";
import { forward } from "./auth-forward.ts";
import { findUserByEmail, firstTenantOf } from "./auth-store.ts";
import { ensureTenant } from "./tenant-create.ts";

/** What these need of a route's call. */
export interface AccountCall {
  readonly env: EdgeEnv;
  readonly request: Request;
  readonly ctx: Pick<ExecutionContext, "waitUntil">;
  readonly meta: { readonly requestId: string };
  readonly answerHeaders: Headers;
}

/** Signs a person in: attempts of the address and the account are taken first, known or not, and a success gives the account's back. */
export async function signIn(call: AccountCall, email: string, password: string): Promise<Outcome<SignedIn>> {
  const account = email.toLowerCase();
  const fromHere = await takeAttempt(call.env, "address", clientAddress(call.request));
  if (!fromHere.ok) return fromHere;
  const ofAccount = await takeAttempt(call.env, "account", account);
  if (!ofAccount.ok) return ofAccount;
  const signedIn = await openSession(call, account, password);
  if (signedIn.ok) call.ctx.waitUntil(forgetAttempts(call.env, "account", account));
  // After the answer, so that a known account takes no longer than an unknown one.
  call.ctx.waitUntil(noteSignIn(call, account, signedIn.ok));
  return signedIn;
}

/** Opens a session for whoever knows the password; nothing is counted. Puts the cookie into the answer. */
export async function openSession(call: AccountCall, email: string, password: string): Promise<Outcome<SignedIn>> {
  const answer = await forward(call.env, { method: "POST", path: "sign-in/email", body: { email, password }, hashes: true });
  if (!answer.ok) return answer;
  return accept(passOn(call, answer.value.value, answer.value.cookies));
}

/** The person of the library's answer and nothing else of it (it also repeats the session's token), and its cookies. */
export function passOn(call: AccountCall, value: unknown, cookies: readonly string[]): SignedIn {
  for (const cookie of cookies) call.answerHeaders.append("set-cookie", cookie);
  return signedInSchema.parse(value);
}

async function noteSignIn(call: AccountCall, email: string, succeeded: boolean): Promise<void> {
  const { env, meta } = call;
  try {
    const user = await findUserByEmail(env.DB, email);
    const tenantId = user && (await firstTenantOf(env.DB, user.id));
    if (!user || !tenantId) return;
    const note: AuditNote = { action: "session.open", target: `user/${user.id}`, outcome: succeeded ? "done" : "denied", detail: {} };
    const person = { requestId: meta.requestId, actor: `user:${user.id}`, actorName: user.name };
    if (succeeded) await ensureTenant(env, tenantId, person);
    const actor = succeeded ? person : { ...person, actor: "anonymous", actorName: "somebody" };
    await tenantOf({ env, principal: { tenantId } }).audit([note], actor);
  } catch (error) {
    // The sign-in itself has been answered; its own request line tells what came of it.
    console.error(JSON.stringify({ level: "error", event: "audit-failed", requestId: meta.requestId, error: String(error) }));
  }
}
