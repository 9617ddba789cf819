import type { z } from "@hono/zod-openapi";
import type { RouteAction } from "../../contract/permissions.ts";
import type { AnyPrincipal, KnownPrincipal, SubjectPrincipal, VisitorPrincipal } from "../../contract/principal.ts";
import type { Outcome, ProblemSlug } from "../../contract/problems.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { EdgeEnv } from "../env.ts";
import type { DataAnswer } from "./answer.ts";
import type { BodyLimits } from "./body.ts";
import type { ProblemRenderer } from "./problem.ts";
import type { Door } from "./request-context.ts";
import type { Trace } from "./trace.ts";

/** A route's own proof of identity, such as a ticket in the URL; null leaves it to API key and session. */
export type CredentialReader = (request: Request, env: EdgeEnv, now: number) => Promise<Outcome<KnownPrincipal | SubjectPrincipal> | null>;

/** One route, as data: the contract of its parts, the action that guards it, and what the documentation says. */
export interface RouteSpec {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** OpenAPI style: `/v1/keys/{keyId}`. A last segment `*` takes the whole rest of the path. */
  readonly path: string;
  readonly action: RouteAction;
  /** The plane, as the documentation groups it. */
  readonly tag: string;
  readonly summary: string;
  /** Markdown-free sentences below the summary. */
  readonly description?: string;
  /** Not in the documentation: pages, and what a library serves. */
  readonly hidden?: true;
  /**
   * Whether end users may call it too; absent: operators and keys only. `self`: any subject, about themselves or to open a socket.
   * `visitors`: anybody at the door, as far as the action is theirs. A function names the things that the request is about
   * (`prefix*`: all of them; the kind is the action's first half): a subject needs a grant for each, and what is marked public
   * needs none. No name at all lets no subject in. `members`: any subject, since being a member of the thing that `{room}` names may be
   enough, which its object decides; a visitor to read what is public. `readers`: any subject, and visitors to read: the handler says
   * who may, since what it is about may be public by its own settings.
   */
  readonly subjects?: "self" | "visitors" | "members" | "readers" | ((parts: SubjectParts) => readonly string[]);
  /**
   * Where else than at its path the route is served. `also`: at `/p/{tenantSlug}` before its path and on the tenant's own hosts.
   * `only`: there and nowhere else; the path is written without the door (`/v1/subjects/login`).
   */
  readonly door?: "also" | "only";
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** A JSON body, parsed and held to the default limit of 256 KiB unless `maxBodyBytes` says otherwise. */
  readonly body?: z.ZodType;
  readonly maxBodyBytes?: number;
  /**
   * A body that the handler reads by itself (`readBody`): other media types get 415. `schema` is for the documentation.
   * Not together with `body`.
   */
  readonly rawBody?: { readonly mediaTypes: readonly string[]; readonly schema?: z.ZodType; readonly limits?: BodyLimits };
  readonly answer: {
    readonly status: 200 | 201 | 202 | 204;
    readonly schema?: z.ZodType;
    readonly headers?: Readonly<Record<string, string>>;
    /** What Accept must allow, else 406; `application/json` when absent. `*\/*` leaves it to the handler. */
    readonly mediaType?: string;
  };
  /** Problems beyond those every route may answer with. */
  readonly problems?: readonly ProblemSlug[];
  readonly credential?: CredentialReader;
  /** On an `open` route: resolve a credential when one is sent, and stay anonymous when it is none of ours. */
  readonly optionalPrincipal?: true;
  /** What clients of a foreign protocol send beside the headers of `workers/http/cors.ts`: pages of other origins may as well. */
  readonly requestHeaders?: readonly string[];
  /** The error shape of a foreign protocol; problem details when absent. */
  readonly renderProblem?: ProblemRenderer;
}

/** The parsed parts of a request, for `subjects`; each was parsed with the spec's own schema. */
export interface SubjectParts {
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

/** Who can be behind a call: what the spec says of subjects decides. */
type CallerOf<S extends RouteSpec> =
  | (S["action"] extends "open" ? { readonly kind: "anonymous" } : never)
  | (S extends { readonly subjects: "self" }
      ? Exclude<AnyPrincipal, VisitorPrincipal>
      : S extends { readonly subjects: unknown }
        ? AnyPrincipal
        : KnownPrincipal);

type Parsed<T, Else> = T extends z.ZodType ? z.output<T> : Else;

/** What a handler gets: everything parsed, everything checked. */
export interface RouteCall<S extends RouteSpec> {
  readonly env: EdgeEnv;
  readonly request: Request;
  readonly ctx: ExecutionContext;
  /** Present unless the action is `open`. */
  readonly principal: CallerOf<S>;
  /** At a tenant's door: whose. */
  readonly door?: Door;
  readonly params: Parsed<S["params"], Record<string, never>>;
  readonly query: Parsed<S["query"], Record<string, never>>;
  readonly body: Parsed<S["body"], undefined>;
  /** For objects: who, which request, and the Idempotency-Key when one was sent. */
  readonly meta: CallMeta;
  /** Epoch milliseconds, with the test offset. */
  readonly now: number;
  /** For requests to others: `traceparentOf(call.trace)`. */
  readonly trace: Trace;
  /** Headers that the answer will carry besides the spec's: ETag, Location, RateLimit. Left out of a problem, but for RateLimit, and of a Response that the handler makes itself. */
  readonly answerHeaders: Headers;
}

/** What a handler answers: the value for the spec's status, a problem, JSON that it has as text already, or a whole response where a protocol wants one. */
export type RouteResult<S extends RouteSpec> = Outcome<Parsed<S["answer"]["schema"], undefined>> | DataAnswer | Response;

export type RouteHandler<S extends RouteSpec> = (call: RouteCall<S>) => Promise<RouteResult<S>>;
