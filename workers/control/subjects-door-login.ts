import { accept, refuse } from "../../contract/problems.ts";
import { emailDigest as digestOf, HOSTED } from "../../contract/subject-id.ts";
import { loginSchema, logoutSchema, refreshSchema, tokenReplySchema } from "../../contract/subjects.ts";
import type { App } from "../http/app.ts";
import { checkDoorOrigin } from "../http/door-origin.ts";
import { route } from "../http/define-route.ts";
import { directoryOf, subjectsAt, subjectsOf } from "../http/objects.ts";
import { readRefreshHandle } from "../http/token-refresh.ts";
import { closeSockets } from "./auth-sockets.ts";
import { answerSession, mayKeep } from "./subject-answer.ts";
import { handleCookie, handleInCookie } from "./subject-cookie.ts";
import { isPasswordOf } from "./subject-password.ts";
import { renew } from "./subject-renew.ts";
import { objectCall, sceneAtDoor } from "./subject-scene.ts";
import { accessHere, hostedFamily, hostedHere, openSession } from "./subject-session.ts";
import { signOut } from "./subject-sign-out.ts";
import { noteOwnPlace, takeFromAddress, takeLogin } from "./subjects-door-limits.ts";

const common = { method: "post", tag: "subjects", door: "only" } as const;

/** How an end user of a tenant comes back, stays, and leaves. */
export function registerSubjectLoginRoutes(app: App): void {
  route(
    app,
    {
      ...common,
      path: "/v1/subjects/login",
      action: "subjects:login",
      subjects: "visitors",
      summary: "Log in with address and password",
      body: loginSchema,
      answer: { status: 200, schema: tokenReplySchema },
      problems: ["wrong-credentials", "rate-limited"],
    },
    async (call) => {
      const scene = sceneAtDoor(call);
      const hosted = await hostedHere(scene);
      if (!hosted.ok) return hosted;
      const kept = mayKeep(call, call.body.keep, hosted.value);
      if (!kept.ok) return kept;
      const fromHere = await takeFromAddress(scene);
      if (!fromHere.ok) return fromHere;
      const emailDigest = await digestOf(scene.tenantId, call.body.email);
      const taken = await takeLogin(scene, emailDigest);
      if (!taken.ok) return taken;
      const directory = directoryOf(objectCall(scene), emailDigest);
      const found = await directory.findEmail(emailDigest);
      // Without an account the same is asked and the same is hashed.
      const account = await (found ? subjectsOf(objectCall(scene), HOSTED, found.sub) : directory).account(found?.sub ?? "nobody");
      const genuine = await isPasswordOf(account?.passwordHash ?? null, call.body.password, scene.now);
      if (!genuine.ok) return genuine;
      if (!genuine.value || !account) return refuse("wrong-credentials", "Check the email and the password and try again.");
      await noteOwnPlace(scene, emailDigest);
      return answerSession(call, call.body.keep, await openSession(scene, hosted.value, hostedFamily(account)));
    },
  );
  route(
    app,
    {
      ...common,
      path: "/v1/subjects/refresh",
      action: "subjects:refresh",
      subjects: "visitors",
      summary: "Trade a refresh handle for a new token and the next handle",
      description:
        "The handle is in the body, or in the cookie that a log-in with `keep: cookie` left. Each is good once. Without either nobody is signed in: 204.",
      body: refreshSchema,
      answer: { status: 200, schema: tokenReplySchema },
      problems: ["unauthenticated"],
    },
    async (call) => {
      const scene = sceneAtDoor(call);
      const inBody = call.body.refreshHandle;
      const inCookie = inBody === undefined ? handleInCookie(scene) : undefined;
      if (inBody === undefined) {
        const fromHere = checkDoorOrigin(call.request, call.env, await accessHere(scene));
        if (!fromHere.ok) return fromHere;
        // Every page asks so on a first visit, and browsers print each refusal as an error.
        if (inCookie === undefined) return new Response(null, { status: 204, headers: call.answerHeaders });
      }
      const handle = await readRefreshHandle(inBody ?? inCookie ?? "");
      if (handle?.tenantId !== scene.tenantId) return refuse("unauthenticated", "There is no refresh handle of this tenant: sign in.");
      const renewed = await renew(scene, handle);
      return answerSession(call, inBody === undefined ? "cookie" : "answer", renewed);
    },
  );
  route(
    app,
    {
      ...common,
      path: "/v1/subjects/logout",
      action: "open",
      optionalPrincipal: true,
      subjects: "self",
      summary: "Log out, here or everywhere",
      description:
        "Ends the sessions of the token and of the handle that are sent, in the body or in the cookie; a token that nothing renews any more ends by itself. Everywhere needs a token, and ends all tokens too.",
      body: logoutSchema,
      answer: { status: 204 },
      problems: ["unauthenticated"],
    },
    async (call) => {
      const scene = sceneAtDoor(call);
      const { refreshHandle: inBody, everywhere } = call.body;
      const inCookie = handleInCookie(scene);
      if (inCookie !== undefined) {
        const fromHere = checkDoorOrigin(call.request, call.env, await accessHere(scene));
        if (!fromHere.ok) return fromHere;
        call.answerHeaders.append("set-cookie", handleCookie(scene, null));
      }
      const closed: string[] = [];
      for (const text of [inBody, inCookie]) {
        const handle = await readRefreshHandle(text ?? "");
        if (handle?.tenantId !== scene.tenantId) continue;
        const ended = await subjectsAt(objectCall(scene), handle.place).closeFamilyBySecret(handle.familyId, handle.secretHash, scene.meta);
        if (ended.ok) closed.push(...ended.value.closed);
      }
      const { principal } = call;
      if (principal.kind === "subject") closed.push(...(await signOut(scene, principal, everywhere)));
      else if (everywhere) return refuse("unauthenticated", "Send a token to log out everywhere.");
      await closeSockets(
        scene.env,
        scene.tenantId,
        closed.map((familyId) => `family:${familyId}`),
      );
      return accept(undefined);
    },
  );
}
