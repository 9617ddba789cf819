import { type SignedIn, signedInSchema } from "../../contract/access.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { SignInAnswer } from "../../contract/second-factors.ts";
import type { EdgeEnv } from "../env.ts";
import { clientAddress } from "../http/client-address.ts";
import { forgetAttempts, takeAttempt } from "./auth-attempts.ts";
import { forward } from "./auth-forward.ts";
import { noteRefusal, welcome } from "./auth-sign-in-note.ts";
import { findUserByEmail } from "./auth-store.ts";

/** What these need of a route's call. */
export interface AccountCall {
  readonly env: EdgeEnv;
  readonly request: Request;
  readonly ctx: Pick<ExecutionContext, "waitUntil">;
  readonly meta: { readonly requestId: string };
  readonly answerHeaders: Headers;
}

export const NOT_SIGNED_IN = refuse("unauthenticated", "Sign in first.");

/**
 * Signs a person in, or asks for their second factor: attempts of the address and the account are taken first, known or not,
 * and the right password gives the account's back.
 */
export async function signIn(call: AccountCall, email: string, password: string): Promise<Outcome<SignInAnswer>> {
  const account = email.toLowerCase();
  const fromHere = await takeAttempt(call.env, "address", clientAddress(call.request));
  if (!fromHere.ok) return fromHere;
  const ofAccount = await takeAttempt(call.env, "account", account);
  if (!ofAccount.ok) return ofAccount;
  const answer = await provePassword(call, account, password);
  if (answer.ok) call.ctx.waitUntil(forgetAttempts(call.env, "account", account));
  // After the answer, so that a known account takes no longer than an unknown one.
  else call.ctx.waitUntil(findUserByEmail(call.env.DB, account).then(async (user) => await noteRefusal(call, user, "password")));
  return answer;
}

/** Opens a session of a person who has no second factor yet: they have just been made. Nothing is counted. */
export async function openSession(call: AccountCall, email: string, password: string): Promise<Outcome<SignedIn>> {
  const answer = await provePassword(call, email, password);
  if (!answer.ok) return answer;
  if ("user" in answer.value) return accept(answer.value);
  throw new Error("a person who was made just now has a second factor");
}

async function provePassword(call: AccountCall, email: string, password: string): Promise<Outcome<SignInAnswer>> {
  const { env, request } = call;
  const answer = await forward(env, { method: "POST", path: "sign-in/email", body: { email, password }, request, hashes: true });
  if (!answer.ok) return answer;
  const { value, cookies } = answer.value;
  if (typeof value === "object" && value !== null && "twoFactorRedirect" in value) {
    for (const cookie of cookies) call.answerHeaders.append("set-cookie", cookie);
    return accept({ twoFactor: true });
  }
  const signedIn = passOn(call, value, cookies);
  await welcome(call, signedIn.user, "password");
  return accept(signedIn);
}

/** The person of the library's answer and nothing else of it (it also repeats the session's token), and its cookies. */
export function passOn(call: AccountCall, value: unknown, cookies: readonly string[]): SignedIn {
  for (const cookie of cookies) call.answerHeaders.append("set-cookie", cookie);
  return signedInSchema.parse(value);
}
