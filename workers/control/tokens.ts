import { grantsBeyond } from "../../contract/grants.ts";
import type { ServicePrincipal } from "../../contract/principal.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { MINTED, SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { refreshSchema, type TokenMint, tokenMintSchema, tokenReplySchema } from "../../contract/subjects.ts";
import type { App } from "../http/app.ts";
import { clientAddress } from "../http/client-address.ts";
import { route } from "../http/define-route.ts";
import { takeByAddress } from "../http/door-limits.ts";
import { tenantExists } from "../http/tenants.ts";
import { readRefreshHandle } from "../http/token-refresh.ts";
import { showOnce } from "./show-once.ts";
import { renew } from "./subject-renew.ts";
import { sceneOf } from "./subject-scene.ts";
import { accessHere, openSession } from "./subject-session.ts";

export function registerTokenRoutes(app: App): void {
  route(
    app,
    {
      method: "post",
      path: "/v1/tokens",
      action: "tokens:mint",
      tag: "control",
      summary: "Mint a token for an end user",
      description:
        "For your backend, which knows who the person is. A grant never exceeds the key's own scopes. The answer holds secrets, once: a replay of the same Idempotency-Key is 409 secret-already-shown.",
      body: tokenMintSchema,
      answer: { status: 201, schema: tokenReplySchema },
      problems: ["gone", "secret-already-shown", "idempotency-mismatch"],
    },
    async (call) => {
      const { principal, body } = call;
      if (principal.kind !== "service") return refuse("forbidden", "Tokens are minted by programs: use an API key with tokens:mint.");
      const allowed = withinScopes(principal, body);
      if (!allowed.ok) return allowed;
      const scene = sceneOf(call);
      const { sub, grants, ttlSeconds, name = sub.slice(0, SUBJECT_LIMITS.nameChars), avatarUrl = null } = body;
      const minted = { keyId: principal.keyId, grants };
      const family = { issuer: MINTED, sub, name, avatarUrl, guest: false, minted, ttlSeconds };
      return await showOnce(call, async () => await openSession(scene, await accessHere(scene), family));
    },
  );
  route(
    app,
    {
      method: "post",
      path: "/v1/tokens/refresh",
      action: "open",
      tag: "control",
      summary: "Trade a refresh handle for a new token and the next handle",
      description:
        "The handle is the proof. Each is good once; one that is used again ends its family and every token of the person, since somebody else has it too.",
      body: refreshSchema.required(),
      answer: { status: 200, schema: tokenReplySchema },
      problems: ["unauthenticated", "rate-limited", "unavailable"],
    },
    async ({ env, ctx, request, meta, now, body }) => {
      // Anybody can make handles up, and each one that has the right form costs an object a question.
      const counted = takeByAddress(clientAddress(request), now, []);
      if (!counted.ok) return counted;
      const handle = await readRefreshHandle(body.refreshHandle);
      // Asked of D1 first: an object comes into being by being addressed.
      if (!handle || !(await tenantExists(env, ctx, handle.tenantId, now)))
        return refuse("unauthenticated", "This is no refresh handle of ours.");
      return await renew({ env, ctx, request, meta, now, tenantId: handle.tenantId }, handle);
    },
  );
}

/** What the key may not do is not its to give; each excess is named. */
function withinScopes({ scopes }: ServicePrincipal, { grants }: TokenMint): Outcome<undefined> {
  const beyond = grantsBeyond(scopes, grants);
  if (beyond.length === 0) return accept(undefined);
  const errors = beyond.map(({ at, action }) => {
    const verb = grants[at]?.actions.indexOf(action.slice(action.indexOf(":") + 1)) ?? 0;
    return { pointer: `/grants/${at}/actions/${verb}`, detail: `This key lacks ${action}, so it is not its to give.` };
  });
  return refuse("forbidden", "A token may only do what its key may do itself; see errors.", { errors });
}
