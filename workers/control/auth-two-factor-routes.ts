import { z } from "@hono/zod-openapi";
import { symmetricDecrypt } from "better-auth/crypto";
import { signedInSchema } from "../../contract/access.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import {
  type BackupCodes,
  backupCodesSchema,
  codeSchema,
  passwordProofSchema,
  secondStepSchema,
  twoFactorSchema,
  twoFactorStartedSchema,
} from "../../contract/second-factors.ts";
import type { EdgeEnv } from "../env.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { liveSession } from "./auth.ts";
import { type AccountCall, NOT_SIGNED_IN, passOn } from "./auth-account.ts";
import { forgetAttempts, takeAttempt } from "./auth-attempts.ts";
import { twoFactorOf } from "./auth-factor-store.ts";
import { type Forwarded, forward } from "./auth-forward.ts";
import { openRoute } from "./auth-open-route.ts";
import { ownChange } from "./auth-own-change.ts";
import { finishSignIn } from "./auth-second-step.ts";
import { sealing } from "./auth-secrets.ts";
import { afterEnd } from "./auth-session-end.ts";
import type { LiveSession } from "./auth-store.ts";

const common = { action: "open", tag: "control" } as const;
const post = { ...common, method: "post", problems: ["origin-not-allowed", "unauthenticated", "rate-limited"] } as const;
const done = { status: 200, schema: z.object({ success: z.literal(true) }) } as const;

const IS_ON = refuse("conflict", "The second factor is on. Switch it off before you set it up anew.");
const IS_OFF = refuse("conflict", "The second factor is off.");
const WRONG_CODE = refuse("invalid-body", "Nothing was switched on; see errors.", {
  errors: [{ pointer: "/code", detail: "is not the code of this moment: check the clock of the device, and wait for the next code" }],
});

/** The second factor: codes of an authenticator app (TOTP, RFC 6238), with backup codes that work once each. */
export function registerTwoFactorRoutes(app: App): void {
  route(
    app,
    {
      ...common,
      method: "get",
      path: "/v1/auth/two-factor",
      summary: "Whether one's second factor is on",
      answer: { status: 200, schema: twoFactorSchema },
      problems: ["unauthenticated"],
    },
    async (call) => {
      const session = await liveSession(call.request, call.env);
      if (!session) return NOT_SIGNED_IN;
      const { on, sealedCodes } = await twoFactorOf(call.env.DB, session.userId);
      return accept({ on, backupCodesLeft: on ? await countCodes(call.env, sealedCodes) : null });
    },
  );
  openRoute(
    app,
    {
      ...post,
      path: "/v1/auth/two-factor/enable",
      summary: "Set up a second factor: shows its address and backup codes once",
      description: "It is switched on when a code of it has come back to /v1/auth/two-factor/verify.",
      body: passwordProofSchema,
      answer: { status: 200, schema: twoFactorStartedSchema },
    },
    async (call) => {
      const session = await liveSession(call.request, call.env);
      if (!session) return NOT_SIGNED_IN;
      // The library would put the new one in force at once, unproved.
      if ((await twoFactorOf(call.env.DB, session.userId)).on) return IS_ON;
      const answer = await proved(call, session, "two-factor/enable", call.body.currentPassword);
      if (!answer.ok) return answer;
      const { totpURI, backupCodes } = startedSchema.parse(answer.value.value);
      return accept({ uri: totpURI, backupCodes });
    },
  );
  openRoute(
    app,
    {
      ...post,
      path: "/v1/auth/two-factor/verify",
      summary: "Switch the second factor on with a code of it",
      body: codeSchema,
      answer: { status: 200, schema: signedInSchema },
    },
    async (call) => {
      const session = await liveSession(call.request, call.env);
      if (!session) return NOT_SIGNED_IN;
      if ((await twoFactorOf(call.env.DB, session.userId)).on) return IS_ON;
      const attempt = await takeAttempt(call.env, "code", session.userId);
      if (!attempt.ok) return attempt;
      if (!(await takeAttempt(call.env, "oneCode", `${session.userId} ${call.body.code}`)).ok) return WRONG_CODE;
      const answer = await ownChange(call, session, "two-factor.enable", async () => {
        const verified = await ask(call, "two-factor/verify-totp", { code: call.body.code });
        return !verified.ok && verified.problem.slug === "wrong-code" ? WRONG_CODE : verified;
      });
      if (!answer.ok) return answer;
      call.ctx.waitUntil(forgetAttempts(call.env, "code", session.userId));
      // The library opens another session in the place of this one.
      await afterEnd(call, session);
      return accept(passOn(call, answer.value.value, answer.value.cookies));
    },
  );
  openRoute(
    app,
    { ...post, path: "/v1/auth/two-factor/disable", summary: "Switch the second factor off", body: passwordProofSchema, answer: done },
    async (call) => {
      const session = await liveSession(call.request, call.env);
      if (!session) return NOT_SIGNED_IN;
      if (!(await twoFactorOf(call.env.DB, session.userId)).on) return IS_OFF;
      const off = async () => await proved(call, session, "two-factor/disable", call.body.currentPassword);
      const answer = await ownChange(call, session, "two-factor.disable", off);
      if (!answer.ok) return answer;
      for (const cookie of answer.value.cookies) call.answerHeaders.append("set-cookie", cookie);
      await afterEnd(call, session);
      return accept({ success: true } as const);
    },
  );
  openRoute(
    app,
    {
      ...post,
      path: "/v1/auth/two-factor/backup-codes",
      summary: "Make new backup codes; the old ones end",
      body: passwordProofSchema,
      answer: { status: 200, schema: backupCodesSchema },
    },
    async (call): Promise<Outcome<BackupCodes>> => {
      const session = await liveSession(call.request, call.env);
      if (!session) return NOT_SIGNED_IN;
      if (!(await twoFactorOf(call.env.DB, session.userId)).on) return IS_OFF;
      const make = async () => await proved(call, session, "two-factor/generate-backup-codes", call.body.currentPassword);
      const answer = await ownChange(call, session, "two-factor.backup-codes", make);
      return answer.ok ? accept(backupCodesSchema.parse(answer.value.value)) : answer;
    },
  );
  openRoute(
    app,
    {
      ...post,
      path: "/v1/auth/two-factor/sign-in",
      summary: "Finish a sign-in with a code or a backup code",
      body: secondStepSchema,
      answer: { status: 200, schema: signedInSchema },
      problems: [...post.problems, "wrong-code"],
    },
    async (call) => await finishSignIn(call, call.body),
  );
}

const startedSchema = z.object({ totpURI: z.string(), backupCodes: z.array(z.string()) });

async function ask(call: AccountCall, path: string, body: unknown, hashes = false): Promise<Outcome<Forwarded>> {
  return await forward(call.env, { method: "POST", path, body, request: call.request, carry: ["session"], hashes });
}

/** Asks the library for what needs the password. Tries are counted by person; the right one gives them back. */
async function proved(call: AccountCall, { userId }: LiveSession, path: string, password: string): Promise<Outcome<Forwarded>> {
  const attempt = await takeAttempt(call.env, "passwordChange", userId);
  if (!attempt.ok) return attempt;
  const answer = await ask(call, path, { password }, true);
  if (answer.ok) call.ctx.waitUntil(forgetAttempts(call.env, "passwordChange", userId));
  return answer;
}

/** How many backup codes are left; null when the key that sealed them has left the ring. */
async function countCodes(env: EdgeEnv, sealed: string | null): Promise<number | null> {
  if (sealed === null) return null;
  try {
    return z.array(z.string()).parse(JSON.parse(await symmetricDecrypt({ key: await sealing(env), data: sealed }))).length;
  } catch {
    return null;
  }
}
