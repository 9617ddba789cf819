import { z } from "@hono/zod-openapi";
import { signedInSchema } from "../../contract/access.ts";
import { deviceWords } from "../../contract/device-words.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { FACTOR_LIMITS } from "../../contract/factor-limits.ts";
import {
  type Passkey,
  type PasskeyCreate,
  passkeyCreateSchema,
  passkeyPatchSchema,
  passkeySchema,
  passkeySignInSchema,
  passwordProofSchema,
  type WebAuthnOptions,
  webAuthnOptionsSchema,
} from "../../contract/second-factors.ts";
import type { App } from "../http/app.ts";
import { clientAddress } from "../http/client-address.ts";
import { route } from "../http/define-route.ts";
import { liveSession } from "./auth.ts";
import { type AccountCall, NOT_SIGNED_IN, passOn } from "./auth-account.ts";
import { forgetAttempts, takeAttempt } from "./auth-attempts.ts";
import { deletePasskey, passkeyOwner, passkeysOf, renamePasskey, type StoredPasskey } from "./auth-factor-store.ts";
import { type Forwarded, forward } from "./auth-forward.ts";
import { openRoute } from "./auth-open-route.ts";
import { ownChange } from "./auth-own-change.ts";
import { relyingParty } from "./auth-passkey-party.ts";
import { noteRefusal, welcome } from "./auth-sign-in-note.ts";

const common = { action: "open", tag: "control", path: "/v1/auth/passkeys" } as const;
const problems = ["origin-not-allowed", "unauthenticated", "rate-limited"] as const;
const one = { path: "/v1/auth/passkeys/{passkeyId}", params: z.object({ passkeyId: z.string().min(1).max(64) }) } as const;
const options = { status: 200, schema: webAuthnOptionsSchema } as const;

const NOT_THEIRS = refuse("not-found", "You have no such passkey.");
const NO_NAME = refuse("conflict", "Passkeys need a host's name: this deployment's public URL is an address.");
const ENOUGH = refuse("limit-reached", `You have ${FACTOR_LIMITS.passkeys} passkeys. Remove one that you no longer use.`);

/**
 * Passkeys (WebAuthn). One stands for both factors: it is taken only from an authenticator that has verified its person, and it is
 * found without a name being typed.
 */
export function registerPasskeyRoutes(app: App): void {
  route(
    app,
    {
      ...common,
      method: "get",
      summary: "One's passkeys",
      answer: { status: 200, schema: z.object({ items: z.array(passkeySchema) }) },
      problems: ["unauthenticated"],
    },
    async (call) => {
      const session = await liveSession(call.request, call.env);
      if (!session) return NOT_SIGNED_IN;
      return accept({ items: (await passkeysOf(call.env.DB, session.userId)).map(passkeyView) });
    },
  );
  openRoute(
    app,
    {
      ...common,
      method: "post",
      path: "/v1/auth/passkeys/options",
      summary: "Begin a passkey: what the browser needs to make one, after the password",
      description: "The passkey has to be made and sent within five minutes.",
      body: passwordProofSchema,
      answer: options,
      problems: [...problems, "conflict", "limit-reached"],
    },
    async (call): Promise<Outcome<WebAuthnOptions>> => {
      const { env } = call;
      const session = await liveSession(call.request, env);
      if (!session) return NOT_SIGNED_IN;
      if (!relyingParty(env)) return NO_NAME;
      if ((await passkeysOf(env.DB, session.userId)).length >= FACTOR_LIMITS.passkeys) return ENOUGH;
      const attempt = await takeAttempt(env, "passwordChange", session.userId);
      if (!attempt.ok) return attempt;
      const proof = await ask(call, "POST", "verify-password", { password: call.body.currentPassword }, true);
      if (!proof.ok) return proof;
      call.ctx.waitUntil(forgetAttempts(env, "passwordChange", session.userId));
      return begun(call, await ask(call, "GET", "passkey/generate-register-options"));
    },
  );
  openRoute(
    app,
    {
      ...common,
      method: "post",
      summary: "Add the passkey that the browser made",
      body: passkeyCreateSchema,
      answer: { status: 201, schema: passkeySchema },
      problems: [...problems, "conflict"],
    },
    async (call): Promise<Outcome<Passkey>> => {
      const session = await liveSession(call.request, call.env);
      if (!session) return NOT_SIGNED_IN;
      return await ownChange(call, session, "passkey.create", async () => {
        const answer = await ask(call, "POST", "passkey/verify-registration", { response: responseOf(call.body), name: call.body.name });
        if (!answer.ok) return answer;
        const made = madeSchema.parse(answer.value.value);
        const passkey = (await passkeysOf(call.env.DB, session.userId)).find(({ id }) => id === made.id);
        if (!passkey) return NOT_THEIRS;
        if (passkey.name) return accept(passkeyView(passkey));
        const { keeperOf } = await import("./auth-passkey-plugin.ts");
        const name = keeperOf(made.aaguid) ?? deviceWords(call.request.headers.get("user-agent")) ?? "Passkey";
        await renamePasskey(call.env.DB, session.userId, passkey.id, name);
        return accept(passkeyView({ ...passkey, name }));
      });
    },
  );
  openRoute(
    app,
    {
      ...common,
      ...one,
      method: "patch",
      summary: "Rename a passkey",
      body: passkeyPatchSchema,
      answer: { status: 204 },
      problems: [...problems, "not-found"],
    },
    async (call) => {
      const session = await liveSession(call.request, call.env);
      if (!session) return NOT_SIGNED_IN;
      const { passkeyId } = call.params;
      return await ownChange(call, session, "passkey.rename", async () =>
        (await renamePasskey(call.env.DB, session.userId, passkeyId, call.body.name)) ? accept(undefined) : NOT_THEIRS,
      );
    },
  );
  openRoute(
    app,
    { ...common, ...one, method: "delete", summary: "Remove a passkey", answer: { status: 204 }, problems: [...problems, "not-found"] },
    async (call) => {
      const session = await liveSession(call.request, call.env);
      if (!session) return NOT_SIGNED_IN;
      return await ownChange(call, session, "passkey.delete", async () =>
        (await deletePasskey(call.env.DB, session.userId, call.params.passkeyId)) ? accept(undefined) : NOT_THEIRS,
      );
    },
  );
  openRoute(
    app,
    {
      ...common,
      method: "post",
      path: "/v1/auth/sign-in/passkey/options",
      summary: "Begin a sign-in with a passkey",
      answer: options,
      problems: [...problems, "conflict"],
    },
    async (call): Promise<Outcome<WebAuthnOptions>> => {
      if (!relyingParty(call.env)) return NO_NAME;
      // Each leaves a challenge behind for five minutes.
      const fromHere = await takeAttempt(call.env, "address", clientAddress(call.request));
      if (!fromHere.ok) return fromHere;
      // Without the session's cookie: the authenticator offers whom it knows, and a stranger learns nothing.
      const request = { method: "GET", path: "passkey/generate-authenticate-options", request: call.request } as const;
      const begin = begun(call, await forward(call.env, request));
      return begin.ok ? accept({ ...begin.value, userVerification: "required" }) : begin;
    },
  );
  openRoute(
    app,
    {
      ...common,
      method: "post",
      path: "/v1/auth/sign-in/passkey",
      summary: "Sign in with a passkey",
      body: passkeySignInSchema,
      answer: { status: 200, schema: signedInSchema },
      problems: [...problems, "wrong-code"],
    },
    async (call) => {
      const { env, request } = call;
      const body = { response: { ...call.body.response, clientExtensionResults: {} } };
      const answer = await forward(env, { method: "POST", path: "passkey/verify-authentication", body, request, carry: ["passkey"] });
      if (!answer.ok) {
        const owner = passkeyOwner(env.DB, call.body.response.id);
        call.ctx.waitUntil(owner.then(async (user) => await noteRefusal(call, user, "passkey")));
        return answer;
      }
      const signedIn = passOn(call, answer.value.value, answer.value.cookies);
      await welcome(call, signedIn.user, "passkey");
      return accept(signedIn);
    },
  );
}

const madeSchema = z.object({ id: z.string(), aaguid: z.string().nullish() });

async function ask(call: AccountCall, method: "GET" | "POST", path: string, body?: unknown, hashes = false): Promise<Outcome<Forwarded>> {
  return await forward(call.env, { method, path, request: call.request, carry: ["session", "passkey"], hashes, ...(body ? { body } : {}) });
}

function begun(call: AccountCall, answer: Outcome<Forwarded>): Outcome<WebAuthnOptions> {
  if (!answer.ok) return answer;
  for (const cookie of answer.value.cookies) call.answerHeaders.append("set-cookie", cookie);
  return accept(webAuthnOptionsSchema.parse(answer.value.value));
}

function responseOf({ response }: PasskeyCreate) {
  return { ...response, clientExtensionResults: {} };
}

function passkeyView({ id, name, created_at, backed_up, device_type }: StoredPasskey): Passkey {
  return {
    id,
    name: name ?? "Passkey",
    createdAt: created_at === null ? null : new Date(created_at).toISOString(),
    synced: backed_up === 1 || device_type === "multiDevice",
  };
}
