import { OpenAPIHono, type RouteConfig, createRoute, z } from "@hono/zod-openapi";
import { ACTIONS } from "../../contract/permissions.ts";
import { VERSION } from "../../contract/version.ts";
import { PROBLEMS, type ProblemSlug } from "../../contract/problems.ts";
import type { App } from "./app.ts";
import { isUnsafe } from "./browser.ts";
import { DOOR_PREFIX, isAtDoor } from "./door-routes.ts";
import type { RouteSpec } from "./route.ts";
import { specsOf } from "./route-table.ts";

export type OpenApiDocument = ReturnType<OpenAPIHono["getOpenAPI31Document"]>;

const problemSchema = z
  .object({
    type: z.string().describe("`/problems/{slug}`: a page that explains it"),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe("what to do"),
    errors: z
      .array(z.object({ pointer: z.string().describe("JSON pointer into the body, `?name` or `{name}`"), detail: z.string() }))
      .optional(),
    requestId: z.string(),
  })
  .openapi("Problem");

/**
 * The OpenAPI 3.1 document of every documented route, from the same schemas that parse requests. Takes tens of
 * milliseconds: made at build time, see `scripts/`, and only where there is no build made by an isolate itself.
 */
export function buildOpenApi(app: App, version = VERSION): OpenApiDocument {
  const collector = new OpenAPIHono();
  const { openAPIRegistry } = collector;
  openAPIRegistry.registerComponent("securitySchemes", "apiKey", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "mrd_{tenantId}_{keyId}_{secret}",
    description: "Also as the password of Basic, or in the header x-api-key.",
  });
  openAPIRegistry.registerComponent("securitySchemes", "session", {
    type: "apiKey",
    in: "cookie",
    name: "__Host-meridian.session",
    description: "The console's session; unsafe methods need the console's own Origin.",
  });
  openAPIRegistry.registerComponent("securitySchemes", "subject", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description:
      "A token of an end user: minted with a key, from a hosted account, or (at the tenant's door only) from an issuer of the tenant.",
  });
  for (const spec of specsOf(app)) if (!spec.hidden) openAPIRegistry.registerPath(routeConfig(spec));
  return collector.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Meridian",
      version,
      description: "The operations backend of live products, at the edge. Errors are RFC 9457 problem details; lists take `?limit&cursor`.",
    },
    tags: [...new Set(specsOf(app).flatMap((spec) => (spec.hidden ? [] : spec.tag)))].map((name) => ({ name })),
  });
}

function routeConfig(spec: RouteSpec): RouteConfig {
  const { method, path, tag, summary, description, action } = spec;
  const body = bodyOf(spec);
  const params = isAtDoor(spec) ? z.object({ tenantSlug, ...spec.params?.shape }) : spec.params;
  return createRoute({
    method,
    path,
    operationId: operationId(spec),
    tags: [tag],
    summary,
    description: [description, action === "open" ? "Needs no credential." : `Action \`${action}\`: ${ACTIONS[action].summary}.`]
      .filter(Boolean)
      .join(" "),
    security: securityOf(spec),
    "x-meridian-action": action,
    request: {
      ...(params ? { params } : {}),
      ...(spec.query ? { query: spec.query } : {}),
      ...(body ? { body } : {}),
    },
    responses: { [spec.answer.status]: successOf(spec), ...problemsOf(spec) },
  });
}

const tenantSlug = z.string().describe("whose door; on a host that the tenant proved, leave out `/p/{tenantSlug}`");

/** Which credentials count. At a door those of end users alone, and for what is public none is needed. */
function securityOf(spec: RouteSpec): Record<string, never[]>[] {
  if (spec.action === "open") return [];
  if (!isAtDoor(spec)) return [{ apiKey: [] }, { session: [] }, ...(spec.subjects === undefined ? [] : [{ subject: [] }])];
  return [{ subject: [] }, ...(spec.subjects === "self" ? [] : [{}])];
}

/** `post /v1/keys/{keyId}` becomes `postKeysKeyId`: unique, because method and path are; at the door `postDoor…`. */
function operationId({ method, path }: RouteSpec): string {
  const words = path
    .replace(DOOR_PREFIX, "/door")
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "" && word !== "v1");
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

function bodyOf({ body, rawBody }: RouteSpec) {
  if (body) return { required: true, content: { "application/json": { schema: body } } };
  if (!rawBody) return undefined;
  const schema = rawBody.schema ?? z.unknown();
  return { required: true, content: Object.fromEntries(rawBody.mediaTypes.map((type) => [type, { schema }])) };
}

function successOf({ answer, summary }: RouteSpec) {
  if (answer.status === 204) return { description: "Done; there is nothing to say." };
  const mediaType = answer.mediaType ?? "application/json";
  return { description: summary, content: { [mediaType]: { schema: answer.schema ?? z.string() } } };
}

/** What this route can answer besides success; problems that share a status share its entry. */
function problemsOf(spec: RouteSpec) {
  const slugs: ProblemSlug[] = [...(spec.problems ?? []), "not-acceptable", "internal"];
  if (spec.action !== "open") slugs.push("unauthenticated", "forbidden", "unavailable");
  if (isAtDoor(spec)) slugs.push("not-found", "rate-limited", "unavailable");
  if (spec.params || spec.query) slugs.push("invalid-parameter");
  if (spec.body || spec.rawBody)
    slugs.push("bad-request", "invalid-body", "payload-too-large", "unsupported-media-type", "request-timeout");
  if (isUnsafe(spec.method.toUpperCase()) && spec.action !== "open" && !spec.rawBody) slugs.push("in-progress", "idempotency-mismatch");
  const byStatus = Map.groupBy(new Set(slugs), (slug) => PROBLEMS[slug].status);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      {
        description: group.map((slug) => `${slug}: ${PROBLEMS[slug].title}`).join(". "),
        content: { "application/problem+json": { schema: problemSchema } },
      },
    ]),
  );
}
