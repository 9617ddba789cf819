import { z } from "@hono/zod-openapi";
import { pageSchema } from "../../contract/pages.ts";
import { issuerNameSchema, subjectQuerySchema, subjectSchema, subjectSummarySchema, subSchema } from "../../contract/subjects.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { subjectsOf } from "../http/objects.ts";
import { deleteSubject } from "./subject-delete.ts";
import { sceneOf } from "./subject-scene.ts";
import { listSubjects } from "./subjects-query.ts";

const params = z.object({ issuer: issuerNameSchema, sub: subSchema });

/** End users as operators see them. */
export function registerSubjectRoutes(app: App): void {
  route(
    app,
    {
      method: "get",
      path: "/v1/subjects",
      action: "subjects:read",
      tag: "control",
      summary: "List end users, newest first, or search them",
      description: "A search finds the beginning of a name, an email address or a sub, without case.",
      query: subjectQuerySchema,
      answer: { status: 200, schema: pageSchema(subjectSummarySchema) },
    },
    async ({ env, principal, query }) => await listSubjects(env.DB, principal.tenantId, query),
  );
  route(
    app,
    {
      method: "get",
      path: "/v1/subjects/{issuer}/{sub}",
      action: "subjects:read",
      tag: "control",
      summary: "An end user with their sessions",
      description: "The sub is percent-encoded in the path.",
      params,
      answer: { status: 200, schema: subjectSchema },
      problems: ["not-found"],
    },
    async (call) => await subjectsOf(call, call.params.issuer, call.params.sub).describe(call.params),
  );
  route(
    app,
    {
      method: "delete",
      path: "/v1/subjects/{issuer}/{sub}",
      action: "subjects:manage",
      tag: "control",
      summary: "Delete an end user and everything of them",
      description:
        "Tokens and sockets end at once; what other parts hold of them goes within seconds. It cannot be undone. Nobody is made under that sub for two days; an issuer of your own can vouch for them anew with a newer token.",
      params,
      answer: { status: 204 },
      problems: ["not-found"],
    },
    async (call) => await deleteSubject(sceneOf(call), call.params),
  );
}
