import { z } from "@hono/zod-openapi";
import { GRANT_KINDS } from "../../contract/grants.ts";
import { pageQuerySchema, pageSchema } from "../../contract/pages.ts";
import { accept, type Outcome } from "../../contract/problems.ts";
import { publicThingSchema } from "../../contract/settings.ts";
import { thingNameSchema } from "../../contract/subjects.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { tenantOf } from "../http/objects.ts";
import { pageOf } from "./keys.ts";

const common = { action: "tenant:manage", tag: "control" } as const;

/** Kinds of things that can be read at all by those who are no operators. */
const READABLE = Object.keys(GRANT_KINDS).filter((kind) => GRANT_KINDS[kind]?.includes("read"));

/** Everything is private but for what is marked here: for everybody to read, at the tenant's door. */
export function registerPublicRoutes(app: App): void {
  route(
    app,
    {
      ...common,
      method: "get",
      path: "/v1/public",
      summary: "List everything that is public",
      query: pageQuerySchema,
      answer: { status: 200, schema: pageSchema(publicThingSchema) },
    },
    async (call) => await tenantOf(call).listPublic(pageOf(call.query)),
  );
  route(
    app,
    {
      ...common,
      method: "put",
      path: "/v1/public/{kind}/{name}",
      summary: "Let everybody read a thing",
      description: "A name with `*` at its end stands for all things whose names begin so, those to come included.",
      params: z.object({ kind: z.enum(READABLE), name: thingNameSchema }),
      answer: { status: 204 },
      problems: ["limit-reached"],
    },
    async (call) => done(await tenantOf(call).setPublic(call.params, true, call.meta)),
  );
  route(
    app,
    {
      ...common,
      method: "delete",
      path: "/v1/public/{kind}/{name}",
      summary: "Make a thing private again",
      description: "In force within 2 s, whatever is cached.",
      params: z.object({ kind: z.string().min(1).max(32), name: thingNameSchema }),
      answer: { status: 204 },
    },
    async (call) => done(await tenantOf(call).setPublic(call.params, false, call.meta)),
  );
}

function done(outcome: Outcome<null>): Outcome<undefined> {
  return outcome.ok ? accept(undefined) : outcome;
}
