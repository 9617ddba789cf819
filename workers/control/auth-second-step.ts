import type { SignedIn } from "../../contract/access.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { SecondStep } from "../../contract/second-factors.ts";
import { type AccountCall, passOn } from "./auth-account.ts";
import { forgetAttempts, takeAttempt } from "./auth-attempts.ts";
import { readCookie } from "./auth-cookie.ts";
import { challengedUser } from "./auth-factor-store.ts";
import { forward } from "./auth-forward.ts";
import { noteRefusal, welcome } from "./auth-sign-in-note.ts";

const START_AGAIN = refuse("unauthenticated", "Too much time has passed since the password. Start the sign-in again.");
const USED = refuse("wrong-code", "The code is wrong or was used already. Wait for the next one.");

/**
 * The second step of a sign-in. Only whoever gave the right password within ten minutes gets here, by the cookie of that step; their
 * tries are counted by person, and each code of the app counts once.
 */
export async function finishSignIn(call: AccountCall, step: SecondStep): Promise<Outcome<SignedIn>> {
  const { env, request } = call;
  const challenge = await readCookie(request, env, "secondStep");
  // The library sets expiries by the real clock.
  const user = challenge && (await challengedUser(env.DB, challenge.value, Date.now()));
  if (!user) return START_AGAIN;
  const attempt = await takeAttempt(env, "code", user.id);
  if (!attempt.ok) return attempt;
  const byApp = "code" in step;
  const method = byApp ? "totp" : "backup-code";
  if (byApp && !(await takeAttempt(env, "oneCode", `${user.id} ${step.code}`)).ok) return USED;
  const answer = await forward(env, {
    method: "POST",
    path: byApp ? "two-factor/verify-totp" : "two-factor/verify-backup-code",
    body: { code: byApp ? step.code : step.backupCode },
    request,
    carry: ["secondStep"],
  });
  if (!answer.ok) {
    call.ctx.waitUntil(noteRefusal(call, user, method));
    return answer;
  }
  call.ctx.waitUntil(forgetAttempts(env, "code", user.id));
  const signedIn = passOn(call, answer.value.value, answer.value.cookies);
  await welcome(call, signedIn.user, method);
  return accept(signedIn);
}
