import { OpenAPIHono } from "@hono/zod-openapi";
import type { Problem } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";
import { checkTransport, isSecure } from "./browser.ts";
import { isPreflight, preflightResponse, shareWith } from "./cors.ts";
import { type LogSink, consoleSink, errorLine, logLevel, requestLine } from "./log.ts";
import type { SessionReader } from "./principal.ts";
import { problemResponse } from "./problem.ts";
import { countRequest } from "./request-counters.ts";
import { type RequestContext, clock, startContext } from "./request-context.ts";
import { allowOf, specsAt } from "./route-table.ts";
import { secureHeaders } from "./security-headers.ts";
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

/** The request path around all routes: ids, transport, preflight, 404 and 405, thrown errors, headers, the log line. Routes are added by `route()`. */
export function createApp(given: Partial<AppDeps> = {}): App {
  const deps: AppDeps = { ...DEFAULT_DEPS, ...given };
  const app: App = new OpenAPIHono<AppTypes>();

  app.use(async (c, next) => {
    const request = c.req.raw;
    const context = startContext(request, clock(c.env));
    c.set("context", context);
    c.set("deps", deps);
    const url = new URL(request.url);
    const transport = checkTransport(url, c.env);
    if (!transport.ok) c.res = answerProblem(transport.problem, context);
    else if (request.method === "OPTIONS") c.res = answerOptions(app, c.req.path, request, context);
    else await next();

    const answer = finish(c.res, request, url, context, c.env);
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

const NOT_FOUND: Problem = { slug: "not-found", detail: "No route has this path. The routes are listed at /docs." };

/** Says nothing of the cause: that is in the log, under the request id. */
export const INTERNAL: Problem = {
  slug: "internal",
  detail: "Something failed on our side. Try again, and tell us the requestId if it keeps failing.",
};

export function answerProblem(problem: Problem, context: RequestContext, render = problemResponse): Response {
  context.outcome = problem.slug;
  return render(problem, context.requestId);
}

function answerOptions(app: App, path: string, request: Request, context: RequestContext): Response {
  const at = specsAt(app, path);
  if (at.length === 0) return answerProblem(NOT_FOUND, context);
  const origin = request.headers.get("origin");
  if (origin !== null && isPreflight(request)) return preflightResponse(origin, at);
  return new Response(null, { status: 204, headers: { allow: allowOf(at) } });
}

/** The headers that every answer carries. */
function finish(response: Response, request: Request, url: URL, context: RequestContext, env: EdgeEnv): Response {
  const answer = mutable(response);
  const { headers } = answer;
  headers.set("x-request-id", context.requestId);
  headers.set("traceparent", traceparentOf(context.trace));
  if (answer.status === 101) return answer; // a handshake has no content whose handling could be told
  secureHeaders(headers, isSecure(url, env));
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  if (request.method !== "OPTIONS") shareWith(headers, request.headers.get("origin"), context.origins);
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
