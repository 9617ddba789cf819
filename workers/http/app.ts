import type { Problem } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";
import { DataAnswer } from "./answer.ts";
import { checkTransport } from "./browser.ts";
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
import { pathOf, Router } from "./router.ts";
import { demandHttps, secureHeaders } from "./security-headers.ts";
import type { KeepAlive } from "./single-flight.ts";
import { type Site, siteOf } from "./site.ts";
import { traceparentOf } from "./trace.ts";

/** What the request path takes from outside, so that tests can put their own in. */
export interface AppDeps {
  readonly sessionPrincipal: SessionReader;
  readonly log: LogSink;
}

/** A request on its way through the app, with what was found out before its route. */
export interface Visit {
  readonly request: Request;
  /** The request's, absolute, as it was sent. */
  readonly url: string;
  readonly env: EdgeEnv;
  readonly ctx: ExecutionContext;
  readonly deps: AppDeps;
  readonly context: RequestContext;
  /** What the path has where its route's pattern has a name. */
  readonly params: Readonly<Record<string, string>>;
}

export type Handler = (visit: Visit) => Promise<Response | DataAnswer>;

/** A route as it was added. */
export interface RouteEntry {
  /** In upper case. */
  readonly method: string;
  readonly path: string;
  readonly handler: Handler;
}

const DEFAULT_DEPS: AppDeps = { sessionPrincipal: async () => null, log: consoleSink };

/**
 * The request path around all routes: ids, the door, transport, preflight, 404 and 405, thrown errors, headers, the log line.
 * Routes are added by `route()`.
 */
export class App {
  readonly routes: RouteEntry[] = [];
  readonly #router = new Router<Handler>();
  readonly #deps: AppDeps;

  constructor(deps: AppDeps) {
    this.#deps = deps;
  }

  /** Not to be called but by `route()`, which says who may come. @param path its pattern, see {@link Router} */
  on(method: string, path: string, handler: Handler): void {
    this.routes.push({ method, path, handler });
    this.#router.add(method, path, handler);
  }

  /** What serves a path. */
  handlerAt(method: string, path: string): Handler | undefined {
    return this.#router.match(method, path)?.served;
  }

  async fetch(request: Request, env: EdgeEnv, ctx: ExecutionContext): Promise<Response> {
    const { url, method } = request;
    const context = startContext(request, clock(env));
    const site = siteOf(url, env);
    const path = pathOf(url);
    // Whose door it is decides which path is routed.
    const arrival = mayBeDoor(site, path) ? await arrive(request, path, site, env, ctx, context.startedAt) : undefined;
    try {
      const sharing = arrival && (await enter(arrival, request, context, env, ctx));
      if (arrival?.error !== undefined) this.#deps.log(errorLine(context, arrival.error, context.startedAt));
      const visit = { request, url, env, ctx, deps: this.#deps, context };
      const answer = finish(await this.#answer(visit, method, arrival?.path ?? path, site, arrival, sharing), site, context);
      if (answer.status !== 101) {
        for (const state of arrival?.limits ?? []) setRateLimit(answer.headers, state);
        if (method !== "OPTIONS") share(answer, request, context, sharing);
      }
      this.#note(method, answer.status, context, env);
      return method === "HEAD" ? new Response(null, answer) : answer;
    } catch (error) {
      this.#deps.log(errorLine(context, error, clock(env)));
      return answerProblem(INTERNAL, context);
    }
  }

  async #answer(
    visit: Omit<Visit, "params">,
    method: string,
    path: string,
    site: Site,
    arrival: Arrival | undefined,
    sharing: Sharing | undefined,
  ): Promise<Response | DataAnswer> {
    const { context, request, env } = visit;
    const transport = arrival?.onOwnHost ? checkTransport(site.url, env, true) : site.transport;
    if (!transport.ok) return answerProblem(transport.problem, context);
    if (arrival?.problem) return answerProblem(arrival.problem, context);
    if (method === "OPTIONS") return this.#options(path, request, context, sharing);
    const match = this.#router.match(method === "HEAD" ? "GET" : method, path);
    if (!match) return this.#nothingAt(path, context);
    try {
      return await match.served({ ...visit, params: match.params });
    } catch (error) {
      this.#deps.log(errorLine(context, error, clock(env)));
      return answerProblem(INTERNAL, context);
    }
  }

  #nothingAt(path: string, context: RequestContext): Response {
    const at = specsAt(this, path);
    const render = at.find((spec) => spec.renderProblem)?.renderProblem;
    if (at.length === 0) return answerProblem(NOT_FOUND, context);
    const allow = allowOf(at);
    const response = answerProblem({ slug: "method-not-allowed", detail: `Use one of: ${allow}.` }, context, render);
    response.headers.set("allow", allow);
    return response;
  }

  #options(path: string, request: Request, context: RequestContext, sharing: Sharing | undefined): Response {
    const at = specsAt(this, path);
    if (at.length === 0) return answerProblem(NOT_FOUND, context);
    const origin = request.headers.get("origin");
    if (origin !== null && isPreflight(request)) return sharing ? doorPreflight(sharing, at) : preflightResponse(origin, at);
    return new Response(null, { status: 204, headers: { allow: allowOf(at) } });
  }

  #note(method: string, status: number, context: RequestContext, env: EdgeEnv): void {
    const endedAt = clock(env);
    if (env.SINGLE_NODE === "true") countRequest(method, context.route, status, endedAt - context.startedAt);
    const level = logLevel(env.LOG_REQUESTS);
    if (level === "all" || (level === "errors" && status >= 500)) this.#deps.log(requestLine(context, method, status, endedAt));
  }
}

export function createApp(given: Partial<AppDeps> = {}): App {
  return new App({ ...DEFAULT_DEPS, ...given });
}

function mayBeDoor(site: Site, path: string): boolean {
  return site.tenantHost !== undefined || path.startsWith("/p/");
}

/** Puts the door into the request's context; what it knows of the asking page comes back. */
async function enter(
  arrival: Arrival,
  request: Request,
  context: RequestContext,
  env: EdgeEnv,
  ctx: KeepAlive,
): Promise<Sharing | undefined> {
  if (!arrival.door) return undefined;
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

/** The headers that every answer carries. */
function finish(given: Response | DataAnswer, site: Site, context: RequestContext): Response {
  const isData = given instanceof DataAnswer;
  const answer = isData ? given.toResponse() : mutable(given);
  const { headers } = answer;
  headers.set("x-request-id", context.requestId);
  headers.set("traceparent", traceparentOf(context.trace));
  if (isData) {
    if (site.secure) demandHttps(headers);
    return answer;
  }
  if (answer.status === 101) return answer; // a handshake has no content whose handling could be told
  secureHeaders(headers, site.secure);
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
