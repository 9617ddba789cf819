import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import type { EdgeEnv } from "../env.ts";
import { pooledRandom } from "./random-pool.ts";
import { type Trace, traceFrom } from "./trace.ts";

/** Whose door a request came through: `/p/{slug}` or a host that the tenant proved to be theirs. */
export interface Door {
  readonly tenantId: string;
  readonly slug: string;
}

/** What is known of a request while it is being answered; what the log line is made of. */
export interface RequestContext {
  readonly requestId: string;
  readonly trace: Trace;
  /** The request's Content-Type. */
  readonly contentType: string | null;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Set before the route runs; absent away from every door. */
  door?: Door;
  tenantId?: string;
  actor?: string;
  action?: string;
  /** Method-less route pattern such as `/v1/keys/{keyId}`: bounded in number, unlike paths. */
  route?: string;
  /** The slug of the problem, when there is one. */
  outcome?: string;
  /** Why a credential was refused; for the log and the audit, never for the answer. */
  denial?: string;
  /** `WWW-Authenticate` of a 401, where it says more than which scheme is wanted. */
  challenge?: string;
  /** Origins that the principal's tenant lists; empty while nobody but an operator is known. */
  origins: readonly string[];
}

/** Ids are nobody's secret, but nobody shall guess the next one. */
const random = pooledRandom(cryptoRandom);

const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** Epoch milliseconds with the deployment's test offset. */
export function clock(env: Pick<EdgeEnv, "CLOCK_OFFSET_MS">): number {
  return Date.now() + Number(env.CLOCK_OFFSET_MS ?? 0);
}

/** Takes over a sane `X-Request-Id`, so that one id runs through all of a caller's systems; anything else gets a new one. */
export function startContext(request: Request, now: number): RequestContext {
  const { headers } = request;
  const given = headers.get("x-request-id");
  return {
    requestId: given !== null && REQUEST_ID.test(given) ? given : uuidv7(now, random),
    trace: traceFrom(headers.get("traceparent"), random),
    contentType: headers.get("content-type"),
    startedAt: now,
    origins: [],
  };
}
