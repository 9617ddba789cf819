import type { AnyPrincipal } from "../../contract/principal.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { EdgeEnv } from "../env.ts";
import type { Visit } from "./app.ts";
import type { Door } from "./request-context.ts";
import type { Trace } from "./trace.ts";

/** Whoever calls: on an open route it may be nobody that is known. */
export type Who = AnyPrincipal | { readonly kind: "anonymous" };

/** The parts of a request, each parsed with the schema of its route. */
export interface Parts {
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  /** The body as it came, decompressed; for the idempotency hash. */
  readonly bytes: Uint8Array;
}

/** What a handler gets, see `RouteCall`. A class, because an object with a getter of its own takes as long to make as all the rest of it. */
export class Call {
  readonly env: EdgeEnv;
  readonly request: Request;
  readonly ctx: ExecutionContext;
  readonly principal: Who;
  readonly door: Door | undefined;
  readonly params: Parts["params"];
  readonly query: Parts["query"];
  readonly body: unknown;
  readonly meta: CallMeta;
  readonly now: number;
  readonly trace: Trace;
  readonly #first: Readonly<Record<string, string>> | undefined;
  #headers: Headers | undefined;

  /** @param first headers that the route's spec gives every answer */
  constructor(
    visit: Visit,
    principal: Who,
    parts: Parts,
    meta: CallMeta,
    now: number,
    first: Readonly<Record<string, string>> | undefined,
  ) {
    this.env = visit.env;
    this.request = visit.request;
    this.ctx = visit.ctx;
    this.principal = principal;
    this.door = visit.context.door;
    this.params = parts.params;
    this.query = parts.query;
    this.body = parts.body;
    this.meta = meta;
    this.now = now;
    this.trace = visit.context.trace;
    this.#first = first;
  }

  /** Made when first asked for: most answers have none of their own. */
  get answerHeaders(): Headers {
    return (this.#headers ??= new Headers(this.#first));
  }

  /** Those that the answer carries; undefined when neither route nor handler has any. */
  get headersIfAny(): Headers | undefined {
    return this.#first ? this.answerHeaders : this.#headers;
  }
}
