import { z } from "@hono/zod-openapi";
import { issuerPutSchema, issuerSchema } from "../../contract/issuers.ts";
import { pageSchema } from "../../contract/pages.ts";
import { issuerGroup } from "../../contract/principal.ts";
import { accept, refuse } from "../../contract/problems.ts";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { issuerNameSchema, tokenTestSchema } from "../../contract/subjects.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { tenantOf } from "../http/objects.ts";
import { inspectToken } from "../http/token-inspect.ts";
import { closeSockets } from "./auth-sockets.ts";
import { sceneOf } from "./subject-scene.ts";
import { freshAccess } from "./subject-session.ts";

const common = { action: "tenant:manage", tag: "control" } as const;
const params = z.object({ name: issuerNameSchema });

/** Issuers of the tenant's own, whose tokens count at its door. */
export function registerIssuerRoutes(app: App): void {
  route(
    app,
    {
      ...common,
      method: "get",
      path: "/v1/issuers",
      summary: "List the issuers whose tokens are taken",
      answer: { status: 200, schema: pageSchema(issuerSchema) },
    },
    async (call) => await tenantOf(call).listIssuers(),
  );
  route(
    app,
    {
      ...common,
      method: "put",
      path: "/v1/issuers/{name}",
      summary: "Register an issuer, or change it",
      description: "A name stays with its `iss` for ever, so that nobody inherits another's end users.",
      params,
      body: issuerPutSchema,
      answer: { status: 200, schema: issuerSchema },
      problems: ["conflict", "limit-reached", "idempotency-mismatch"],
    },
    async (call) => await tenantOf(call).putIssuer(call.params.name, call.body, call.meta),
  );
  route(
    app,
    {
      ...common,
      method: "delete",
      path: "/v1/issuers/{name}",
      summary: "Take an issuer away; its tokens stop and its sockets close",
      params,
      answer: { status: 204 },
      problems: ["not-found"],
    },
    async (call) => {
      const deleted = await tenantOf(call).deleteIssuer(call.params.name, call.meta);
      if (!deleted.ok) return deleted;
      await closeSockets(call.env, call.principal.tenantId, [issuerGroup(call.params.name)]);
      return accept(undefined);
    },
  );
  route(
    app,
    {
      ...common,
      method: "post",
      path: "/v1/issuers/{name}/test",
      summary: "Ask which check a token of this issuer fails",
      description: "Nothing of the token is kept. The checks stand in their order, up to the first that failed.",
      params,
      body: z.strictObject({
        token: z
          .string()
          .min(1)
          .max(2 * SUBJECT_LIMITS.tokenBytes),
      }),
      answer: { status: 200, schema: tokenTestSchema },
      problems: ["not-found"],
    },
    async (call) => {
      const scene = sceneOf(call);
      const { issuers } = await freshAccess(scene);
      const tested = issuers.find(({ name }) => name === call.params.name);
      if (!tested) return refuse("not-found", "There is no issuer of this name.");
      const { checks, principal } = await inspectToken(call.body.token, scene);
      if (!principal) return accept({ checks, subject: null });
      const { issuer, sub, name } = principal;
      if (issuer === tested.name) return accept({ checks, subject: { issuer, sub, name } });
      const detail = `It is a token of the issuer ${issuer}, not of ${tested.name}: its \`iss\` is not ${tested.iss}.`;
      return accept({ checks: [...checks, { check: "issuer", ok: false, detail }], subject: null });
    },
  );
}
