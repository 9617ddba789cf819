import type { z } from "@hono/zod-openapi";
import { type AnyPrincipal, actorNameOf, actorOf } from "../../contract/principal.ts";
import { type Outcome, type Problem, accept, refuse } from "../../contract/problems.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import { accepts, isMediaType } from "./accept.ts";
import { DataAnswer } from "./answer.ts";
import { type App, INTERNAL, type Visit, answerProblem } from "./app.ts";
import { readBody } from "./body.ts";
import { isUnsafe, isUpgrade } from "./browser.ts";
import { Call, type Parts, type Who } from "./call.ts";
import { servedAt } from "./door-routes.ts";
import { fieldErrors, ownProblem } from "./field-errors.ts";
import { idempotencyOf } from "./idempotency-key.ts";
import { parseJson } from "./json.ts";
import { errorLine } from "./log.ts";
import { type Scene, authenticate, authorize } from "./principal.ts";
import { queryReader } from "./query.ts";
import { clock, type RequestContext } from "./request-context.ts";
import type { RouteCall, RouteHandler, RouteSpec } from "./route.ts";
import { rememberSpec } from "./route-table.ts";
import { admitToMembership, admitToRoute, admitToThings, type Outsider } from "./subject-guard.ts";
import { ThrownProblem } from "./thrown-problem.ts";

/** Bytes of a JSON body where a route says nothing: a hundred times our largest form. */
export const DEFAULT_BODY_BYTES = 256 * 1024;

const ANONYMOUS = { kind: "anonymous" } as const;
const NO_BYTES = new Uint8Array(0);
const NO_KEY = accept(undefined);

/**
 * Adds a route. Its handler runs only when the credential is good, the action allowed, and every part parsed; whatever
 * goes wrong before, in or after it becomes a problem in the route's own error shape.
 */
export function route<const S extends RouteSpec>(app: App, spec: S, handler: RouteHandler<S>): void {
  for (const place of servedAt(spec)) register(app, place, handler);
}

function register<S extends RouteSpec>(app: App, spec: S, handler: RouteHandler<S>): void {
  const readQuery = spec.query && queryReader(spec.query);
  const handle = async (visit: Visit): Promise<Response | DataAnswer> => {
    const { context } = visit;
    context.route = spec.path;
    context.action = spec.action;
    try {
      const answer = await run(visit, spec, readQuery, handler);
      if (answer instanceof DataAnswer || answer instanceof Response) return answer;
      return challenged(answerProblem(answer, context, spec.renderProblem), context);
    } catch (error) {
      // No fault of ours, and strangers may bring it about: no line in the log of errors either.
      if (error instanceof ThrownProblem) return answerProblem(error.problem, context, spec.renderProblem);
      visit.deps.log(errorLine(context, error, clock(visit.env)));
      return answerProblem(problemOfThrown(error), context, spec.renderProblem);
    }
  };
  rememberSpec(handle, spec);
  app.on(spec.method.toUpperCase(), spec.path, handle);
}

async function run<S extends RouteSpec>(
  visit: Visit,
  spec: S,
  readQuery: QueryReader | undefined,
  handler: RouteHandler<S>,
): Promise<Response | DataAnswer | Problem> {
  const { request, env, ctx, deps, context } = visit;
  const { door } = context;
  const now = clock(env);
  const scene: Scene = { env, ctx, context, door, now, sessionPrincipal: deps.sessionPrincipal, log: deps.log };

  const who = await principalOf(request, spec, scene);
  if (!who.ok) return who.problem;
  const parts = partsOf(visit, spec, readQuery);
  const parsed = spec.body && parts.ok ? await withBody(parts.value, visit, spec, spec.body) : parts;
  if (!parsed.ok) return parsed.problem;
  if (isOutsider(who.value)) {
    const admitted = await admit(who.value, spec, parsed.value, scene);
    if (!admitted.ok) return admitted.problem;
  }
  const meta = metaOf(who.value, context);
  const keyed = isUnsafe(request.method) ? await keyOf(visit, spec, who.value, parsed.value.bytes) : NO_KEY;
  if (!keyed.ok) return keyed.problem;
  const withKey = keyed.value ? { ...meta, idempotency: keyed.value } : meta;
  const call = new Call(visit, who.value, parsed.value, withKey, now, spec.answer.headers);
  const result = await handler(call as unknown as RouteCall<S>); // each part was just parsed with the spec's own schema
  if (result instanceof Response || result instanceof DataAnswer) return result;
  const headers = call.headersIfAny;
  if (!result.ok) return limited(answerProblem(result.problem, context, spec.renderProblem), headers);
  const { status } = spec.answer;
  if (status === 204) return new Response(null, headers ? { status, headers } : { status });
  return headers ? Response.json(result.value, { status, headers }) : new DataAnswer(JSON.stringify(result.value), status);
}

/** What a 401 says of the credential that was sent. */
function challenged(response: Response, { challenge }: RequestContext): Response {
  if (response.status === 401 && challenge !== undefined) response.headers.set("www-authenticate", challenge);
  return response;
}

/** A refusal says as well where the caller stands with the limiter. */
function limited(response: Response, answerHeaders: Headers | undefined): Response {
  if (!answerHeaders) return response;
  for (const name of ["ratelimit-policy", "ratelimit"]) {
    const value = answerHeaders.get(name);
    if (value !== null) response.headers.set(name, value);
  }
  return response;
}

async function principalOf(request: Request, spec: RouteSpec, scene: Scene): Promise<Outcome<Who>> {
  if (spec.action === "open") {
    if (!spec.optionalPrincipal) return accept(ANONYMOUS);
    const who = await authenticate(request, scene, spec.credential);
    return await openPrincipal(who, spec, scene);
  }
  const who = await authenticate(request, scene, spec.credential);
  if (!who.ok) return who;
  const allowed = isOutsider(who.value) ? await admitToRoute(who.value, spec, scene) : authorize(who.value, spec.action, scene);
  return allowed.ok ? who : allowed;
}

/** On an open route who is not known well enough is anybody, but a subject comes in where the spec says so only. */
async function openPrincipal(who: Outcome<AnyPrincipal>, spec: RouteSpec, scene: Scene): Promise<Outcome<Who>> {
  if (!who.ok) return who.problem.slug === "unauthenticated" ? accept(ANONYMOUS) : who;
  if (who.value.kind === "visitor" && spec.subjects !== "visitors") return accept(ANONYMOUS);
  if (!isOutsider(who.value)) return who;
  const admitted = await admitToRoute(who.value, spec, scene);
  return admitted.ok ? who : admitted;
}

function isOutsider(who: Who): who is Outsider {
  return who.kind === "subject" || who.kind === "visitor";
}

/** Whether end users may do it with what the request names. */
async function admit(who: Outsider, spec: RouteSpec, { params, query, body }: Parts, scene: Scene): Promise<Outcome<undefined>> {
  const { subjects, action } = spec;
  if (action === "open") return accept(undefined);
  if (subjects === "members") return await admitToMembership(who, action, String(params["room"]), scene);
  if (typeof subjects !== "function") return accept(undefined);
  return await admitToThings(who, action, subjects({ params, query, body }), scene);
}

type QueryReader = ReturnType<typeof queryReader>;

/** All parts but the body. */
function partsOf({ request, url, params: given }: Visit, spec: RouteSpec, readQuery: QueryReader | undefined): Outcome<Parts> {
  const mediaType = spec.answer.mediaType ?? "application/json";
  if (!isUpgrade(request) && !accepts(request.headers.get("accept"), mediaType)) {
    return refuse("not-acceptable", `This route answers in ${mediaType}: allow it in Accept.`);
  }
  const params = spec.params ? check(spec.params, given, "path") : accept({});
  if (!params.ok) return params;
  const query = readQuery ? readQuery(url) : accept({});
  if (!query.ok) return query;
  const taken = spec.body ? ["application/json"] : spec.rawBody?.mediaTypes;
  if (taken && !isMediaType(request.headers.get("content-type"), taken)) {
    return refuse("unsupported-media-type", `Send the body with Content-Type ${taken.join(" or ")}.`);
  }
  return accept({ params: params.value, query: query.value, body: undefined, bytes: NO_BYTES });
}

async function withBody(parts: Parts, { request }: Visit, spec: RouteSpec, schema: z.ZodType): Promise<Outcome<Parts>> {
  const maxBytes = spec.maxBodyBytes ?? DEFAULT_BODY_BYTES;
  const bytes = await readBody(request, { compressedBytes: maxBytes, decompressedBytes: maxBytes });
  if (!bytes.ok) return bytes;
  const json = parseJson(bytes.value);
  if (!json.ok) return json;
  const body = check(schema, json.value, "body");
  return body.ok ? accept({ ...parts, body: body.value, bytes: bytes.value }) : body;
}

/** Parses with a zod schema; a refusal lists what to fix, each with a pointer. */
export function check<T extends z.ZodType>(schema: T, value: unknown, source: "body" | "query" | "path"): Outcome<z.output<T>> {
  const result = schema.safeParse(value);
  if (result.success) return accept(result.data);
  const errors = fieldErrors(result.error, source, value);
  const slug = ownProblem(result.error, value) ?? (source === "body" ? "invalid-body" : "invalid-parameter");
  return refuse(
    slug,
    errors.length === 1 ? "One field has to be changed: see `errors`." : `${errors.length} fields have to be changed: see \`errors\`.`,
    { errors },
  );
}

function metaOf(who: Who, { requestId }: RequestContext): CallMeta {
  return who.kind === "anonymous"
    ? { requestId, actor: "anonymous", actorName: "anonymous" }
    : { requestId, actor: actorOf(who), actorName: actorNameOf(who) };
}

/** The Idempotency-Key of an unsafe method, where one counts. */
async function keyOf(
  { request, url, context }: Visit,
  spec: RouteSpec,
  who: Who,
  bytes: Uint8Array,
): Promise<Outcome<CallMeta["idempotency"]>> {
  // Strangers at a door share one actor: one would be answered with what another was told under the same key.
  if (spec.rawBody || who.kind === "visitor" || (who.kind === "anonymous" && context.door)) return NO_KEY;
  const header = request.headers.get("idempotency-key");
  if (header === null) return NO_KEY;
  return await idempotencyOf(header, `${request.method} ${spec.path}`, new URL(url), bytes);
}

/** Objects say by properties of the error that they cannot be reached just now; anything else is a fault of ours. */
function problemOfThrown(error: unknown): Problem {
  const trouble =
    typeof error === "object" &&
    error !== null &&
    (("overloaded" in error && error.overloaded === true) || ("retryable" in error && error.retryable === true));
  if (!trouble) return INTERNAL;
  return { slug: "unavailable", detail: "The part that answers this is overloaded or restarting. Try again.", retryAfterS: 1 };
}
