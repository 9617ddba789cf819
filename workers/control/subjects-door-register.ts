import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { HOSTED } from "../../contract/subject-id.ts";
import { guestSchema, registeredSchema, registerSchema, tokenReplySchema, verifySchema } from "../../contract/subjects.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { subjectsOf } from "../http/objects.ts";
import { answerSession, mayKeep } from "./subject-answer.ts";
import { hashChosen } from "./subject-password.ts";
import { objectCall, sceneAtDoor } from "./subject-scene.ts";
import { hostedFamily, hostedHere, openSession } from "./subject-session.ts";
import { askForProof, useProof } from "./subject-verification.ts";
import { hostedSelf } from "./subjects-door-self.ts";
import { noteOwnPlace, takeFromAddress } from "./subjects-door-limits.ts";

const common = { method: "post", action: "subjects:register", tag: "subjects", subjects: "visitors", door: "only" } as const;

/** What a guest is called who gives no name. */
const GUEST = "Guest";

/** How one becomes an end user of a tenant that has switched hosted accounts on. */
export function registerSubjectRegisterRoutes(app: App): void {
  route(
    app,
    {
      ...common,
      path: "/v1/subjects/register",
      summary: "Ask for an account",
      description: "A link is mailed; the account is there once it was used. The answer is the same whether or not the address has one.",
      body: registerSchema,
      answer: { status: 202, schema: registeredSchema },
      problems: ["rate-limited"],
    },
    async (call) => {
      const begun = await begin(call);
      if (!begun.ok) return begun;
      const { scene } = begun.value;
      return await registered(scene, call.body, null);
    },
  );
  route(
    app,
    {
      ...common,
      path: "/v1/subjects/verify",
      summary: "Use the token of a mailed link",
      description: "With the password that was chosen. The account exists from now on, and the answer signs in.",
      body: verifySchema,
      answer: { status: 200, schema: tokenReplySchema },
      problems: ["gone", "wrong-credentials", "rate-limited"],
    },
    async (call) => {
      const begun = await begin(call);
      if (!begun.ok) return begun;
      const { scene, hosted } = begun.value;
      const kept = mayKeep(call, call.body.keep, hosted);
      if (!kept.ok) return kept;
      const proved = await useProof(scene, call.body.token, call.body.password);
      if (!proved.ok) return proved;
      if (proved.value.emailDigest !== null) await noteOwnPlace(scene, proved.value.emailDigest);
      return answerSession(call, call.body.keep, await openSession(scene, hosted, hostedFamily(proved.value)));
    },
  );
  route(
    app,
    {
      ...common,
      path: "/v1/subjects/guest",
      summary: "Come in without an address",
      description: "A guest has a sub like anybody and keeps it when they upgrade to an account.",
      body: guestSchema,
      answer: { status: 200, schema: tokenReplySchema },
      problems: ["rate-limited"],
    },
    async (call) => {
      const begun = await begin(call);
      if (!begun.ok) return begun;
      const { scene, hosted } = begun.value;
      if (!hosted.settings.hostedAccounts.guests) return refuse("forbidden", "This tenant takes no guests: register an account.");
      const kept = mayKeep(call, call.body.keep, hosted);
      if (!kept.ok) return kept;
      const sub = uuidv7(scene.now, cryptoRandom);
      const made = await subjectsOf(objectCall(scene), HOSTED, sub).createGuest({ sub, name: call.body.name ?? GUEST }, scene.meta);
      if (!made.ok) return made;
      return answerSession(call, call.body.keep, await openSession(scene, hosted, hostedFamily(made.value)));
    },
  );
  route(
    app,
    {
      ...common,
      action: "self:read",
      subjects: "self",
      path: "/v1/subjects/upgrade",
      summary: "Give a guest an address and a password",
      description: "A link is mailed; once it was used the guest is an account, with the same sub. The answer is that of a registration.",
      body: registerSchema,
      answer: { status: 202, schema: registeredSchema },
      problems: ["conflict", "rate-limited"],
    },
    async (call) => {
      const begun = await begin(call);
      if (!begun.ok) return begun;
      const { scene } = begun.value;
      const self = await hostedSelf(scene, call.principal);
      if (!self.ok) return self;
      if (!self.value.guest) return refuse("conflict", "This is an account already.");
      const { sub, name } = self.value;
      return await registered(scene, { ...call.body, name: call.body.name ?? (name === GUEST ? undefined : name) }, sub);
    },
  );
}

/** What everyone needs here: an attempt of their address, and accounts that are switched on. */
async function begin(call: Parameters<typeof sceneAtDoor>[0]) {
  const scene = sceneAtDoor(call);
  const taken = await takeFromAddress(scene);
  if (!taken.ok) return taken;
  const hosted = await hostedHere(scene);
  return hosted.ok ? accept({ scene, hosted: hosted.value }) : hosted;
}

/** Hashes and asks for the mail. Only a demo says where its link leads: whoever reads it there is the person at the keyboard. */
async function registered(
  scene: Parameters<typeof askForProof>[0],
  { email, password, name }: { readonly email: string; readonly password: string; readonly name?: string | undefined },
  sub: string | null,
): Promise<Outcome<{ status: "verify"; verificationUrl?: string }>> {
  const passwordHash = await hashChosen(password, "password", scene.now);
  if (!passwordHash.ok) return passwordHash;
  const asked = await askForProof(scene, { email, name, passwordHash: passwordHash.value, sub });
  if (!asked.ok) return asked;
  return accept({ status: "verify", ...(scene.env.DEMO === "true" ? { verificationUrl: asked.value.link } : {}) });
}
