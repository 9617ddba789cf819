import { z } from "@hono/zod-openapi";
import { keyCreatedSchema, keyCreateSchema, keySchema } from "../../contract/access.ts";
import { grantableScopes } from "../../contract/key-scopes.ts";
import { pageQuerySchema, pageSchema } from "../../contract/pages.ts";
import type { KnownPrincipal } from "../../contract/principal.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { tenantOf } from "../http/objects.ts";
import { closeSockets } from "./auth-sockets.ts";

const common = { action: "keys:manage", tag: "control" } as const;

export function registerKeyRoutes(app: App): void {
  route(
    app,
    {
      ...common,
      method: "get",
      path: "/v1/keys",
      summary: "List API keys, newest first",
      query: pageQuerySchema,
      answer: { status: 200, schema: pageSchema(keySchema) },
    },
    async (call) => await tenantOf(call).listKeys(pageOf(call.query)),
  );
  route(
    app,
    {
      ...common,
      method: "post",
      path: "/v1/keys",
      summary: "Create an API key",
      description: "The answer holds the secret, once: a replay of the same Idempotency-Key is 409 secret-already-shown.",
      body: keyCreateSchema,
      answer: { status: 201, schema: keyCreatedSchema },
      problems: ["limit-reached", "secret-already-shown", "idempotency-mismatch"],
    },
    async (call) => {
      const granted = checkScopes(call.principal, call.body.scopes);
      return granted.ok ? await tenantOf(call).createKey(call.body, call.meta) : granted;
    },
  );
  route(
    app,
    {
      ...common,
      method: "delete",
      path: "/v1/keys/{keyId}",
      summary: "Revoke an API key; its sockets close",
      params: z.object({ keyId: z.string().min(1).max(64) }),
      answer: { status: 200, schema: keySchema },
      problems: ["not-found"],
    },
    async (call) => {
      const revoked = await tenantOf(call).revokeKey(call.params.keyId, call.meta);
      // Before the answer: whoever revokes a key may rely on its sockets being closed.
      if (revoked.ok) await closeSockets(call.env, call.principal.tenantId, [`key:${revoked.value.id}`]);
      return revoked;
    },
  );
}

/** A key never may more than the person who makes it. */
function checkScopes(principal: KnownPrincipal, scopes: readonly string[]): Outcome<undefined> {
  if (principal.kind !== "operator") return refuse("forbidden", "Keys are made by people: sign in to the console.");
  const grantable: readonly string[] = grantableScopes(principal.role, principal.deploymentAdmin);
  const errors = scopes.flatMap((scope, i) =>
    grantable.includes(scope) ? [] : [{ pointer: `/scopes/${i}`, detail: `${scope} is not yours to give` }],
  );
  return errors.length === 0 ? accept(undefined) : refuse("forbidden", "A key may only do what you may do yourself.", { errors });
}

/** The page as objects take it: a cursor that was not sent is absent, not undefined. */
export function pageOf({ limit, cursor }: { limit: number; cursor?: string | undefined }): { limit: number; cursor?: string } {
  return cursor === undefined ? { limit } : { limit, cursor };
}
