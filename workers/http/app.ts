import { OpenAPIHono } from "@hono/zod-openapi";
import { getPath } from "hono/utils/url";
import type { Problem } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";
import { checkTransport, isSecure } from "./browser.ts";
import { isPreflight, preflightResponse, shareWith } from "./cors.ts";
import { type Arrival, arrive } from "./door-arrival.ts";
import { type Sharing, doorPreflight, shareAtDoor, sharingAt } from "./door-cors.ts";
import { type LogSink, consoleSink, errorLine, logLevel, requestLine } from "./log.ts";
import type { SessionReader } from "./principal.ts";
import { type ProblemRenderer, problemResponse } from "./problem.ts";
import { countRequest } from "./request-counters.ts";
import { setRateLimit } from "./rate-limit-headers.ts";
import { type RequestContext, clock, startContext } from "./request-context.ts";
import { allowOf, NOT_FOUND, specsAt } from "./route-table.ts";
import { secureHeaders } from "./security-headers.ts";
import type { KeepAlive } from "./single-flight.ts";
import { traceparentOf } from "./trace.ts";

/** What the request path takes from outside, so that tests can put their own in. */
export interface AppDeps {
  readonly sessionPrincipal: SessionReader;
  readonly log: LogSink;
}

export interface AppTypes {
  Bindings: EdgeEnv;
  Variables: { context: RequestContext; deps: AppDeps };
}

export type App = OpenAPIHono<AppTypes>;

const DEFAULT_DEPS: AppDeps = { sessionPrincipal: async () => null, log: consoleSink };

/**
 * The request path around all routes: ids, the door, transport, preflight, 404 and 405, thrown errors, headers, the log line.
 * Routes are added by `route()`.
 */
export function createApp(given: Partial<AppDeps> = {}): App {
  const deps: AppDeps = { ...DEFAULT_DEPS, ...given };
  const arrivals = new WeakMap<Request, Arrival>();
  const app: App = new OpenAPIHono<AppTypes>({ getPath: (request) => arrivals.get(request)?.path ?? getPath(request) });
  const routed = app.fetch;
  // Whose door it is decides which path is routed, and is asked of the database: before the router, which cannot wait.
  app.fetch = async (request, env, ctx) => {
    const bindings = env as EdgeEnv; // the one kind of bindings that this app is served with
    const arrival = await arrive(request, getPath(request), bindings, ctx as KeepAlive, clock(bindings)); // given by every host
    if (arrival) arrivals.set(request, arrival);
    return await routed(request, env, ctx);
  };

  app.use(async (c, next) => {
    const request = c.req.raw;
    const context = startContext(request, clock(c.env));
    c.set("context", context);
    c.set("deps", deps);
    const url = new URL(request.url);
    const arrival = arrivals.get(request);
    const sharing = await enter(arrival, request, context, c.env, c.executionCtx);
    if (arrival?.error !== undefined) deps.log(errorLine(context, arrival.error, context.startedAt));
    const transport = checkTransport(url, c.env, arrival?.onOwnHost ?? false);
    if (!transport.ok) c.res = answerProblem(transport.problem, context);
    else if (arrival?.problem) c.res = answerProblem(arrival.problem, context);
    else if (request.method === "OPTIONS") c.res = answerOptions(app, c.req.path, request, context, sharing);
    else await next();

    const answer = finish(c.res, url, context, c.env);
    if (answer.status !== 101) {
      for (const state of arrival?.limits ?? []) setRateLimit(answer.headers, state);
      if (request.method !== "OPTIONS") share(answer, request, context, sharing);
    }
    c.res = undefined; // else Hono would merge the old headers into the new answer
    c.res = answer;
    const endedAt = clock(c.env);
    if (c.env.SINGLE_NODE === "true") countRequest(request.method, context.route, answer.status, endedAt - context.startedAt);
    const level = logLevel(c.env.LOG_REQUESTS);
    if (level === "all" || (level === "errors" && answer.status >= 500))
      deps.log(requestLine(context, request.method, answer.status, endedAt));
  });

  app.notFound((c) => {
    const context = c.get("context");
    const at = specsAt(app, c.req.path);
    const render = at.find((spec) => spec.renderProblem)?.renderProblem;
    if (at.length === 0) return answerProblem(NOT_FOUND, context);
    const allow = allowOf(at);
    const response = answerProblem({ slug: "method-not-allowed", detail: `Use one of: ${allow}.` }, context, render);
    response.headers.set("allow", allow);
    return response;
  });

  app.onError((error, c) => {
    const context = c.get("context");
    deps.log(errorLine(context, error, clock(c.env)));
    return answerProblem(INTERNAL, context);
  });
  return app;
}

/** Puts the door into the request's context; what it knows of the asking page comes back. */
async function enter(
  arrival: Arrival | undefined,
  request: Request,
  context: RequestContext,
  env: EdgeEnv,
  ctx: KeepAlive,
): Promise<Sharing | undefined> {
  if (!arrival?.door) return undefined;
  context.door = arrival.door;
  context.tenantId = arrival.door.tenantId;
  return await sharingAt(arrival.door, request.headers.get("origin"), arrival.path, env, ctx, context.startedAt);
}

function share(answer: Response, request: Request, context: RequestContext, sharing: Sharing | undefined): void {
  if (context.door) shareAtDoor(answer, request, sharing, context);
  else shareWith(answer.headers, request.headers.get("origin"), context.origins);
}

/** Says nothing of the cause: that is in the log, under the request id. */
export const INTERNAL: Problem = {
  slug: "internal",
  detail: "Something failed on our side. Try again, and tell us the requestId if it keeps failing.",
};

export function answerProblem(problem: Problem, context: RequestContext, render: ProblemRenderer = problemResponse): Response {
  context.outcome = problem.slug;
  return render(problem, context.requestId, context.contentType);
}

function answerOptions(app: App, path: string, request: Request, context: RequestContext, sharing: Sharing | undefined): Response {
  const at = specsAt(app, path);
  if (at.length === 0) return answerProblem(NOT_FOUND, context);
  const origin = request.headers.get("origin");
  if (origin !== null && isPreflight(request)) return sharing ? doorPreflight(sharing, at) : preflightResponse(origin, at);
  return new Response(null, { status: 204, headers: { allow: allowOf(at) } });
}

/** The headers that every answer carries. */
function finish(response: Response, url: URL, context: RequestContext, env: EdgeEnv): Response {
  const answer = mutable(response);
  const { headers } = answer;
  headers.set("x-request-id", context.requestId);
  headers.set("traceparent", traceparentOf(context.trace));
  if (answer.status === 101) return answer; // a handshake has no content whose handling could be told
  secureHeaders(headers, isSecure(url, env));
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  return answer;
}

/** Answers of fetches and objects have headers that cannot be set. */
function mutable(response: Response): Response {
  try {
    response.headers.delete("x-meridian-none");
    return response;
  } catch {
    const { webSocket } = response;
    return webSocket ? new Response(null, { status: 101, webSocket, headers: response.headers }) : new Response(response.body, response);
  }
}
