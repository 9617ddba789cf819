import type { FieldError, Problem, ProblemSlug } from "../contract/problems.ts";

/** What stood in the way before any answer came, or an answer that is no problem document of ours. */
export type ClientSlug = "network" | "timeout" | "unexpected";

export interface MeridianErrorParts {
  readonly status: number;
  readonly slug: ProblemSlug | ClientSlug;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly requestId?: string | undefined;
  readonly retryAfterS?: number | undefined;
  readonly extra?: ProblemExtra;
  readonly cause?: unknown;
}

/** What some problems say besides: of a refused score its `submissionId`, and the `reasons` of the rules. */
export type ProblemExtra = NonNullable<Problem["extra"]>;

/** Every failure of the client but an abort by the caller, which rejects with the signal's own reason. */
export class MeridianError extends Error {
  override readonly name = "MeridianError";
  /** The HTTP status; 0 when no answer came. */
  readonly status: number;
  /** Which problem it is; switch over this, not over the text. */
  readonly slug: ProblemSlug | ClientSlug;
  /** One sentence that says what to do. */
  readonly detail: string;
  /** Bad fields by JSON pointer (`/name`), query parameter (`?limit`) or path parameter (`{keyId}`). */
  readonly errors: readonly FieldError[];
  /** Find the request in the server's log by it. */
  readonly requestId: string | undefined;
  /** Seconds after which another try makes sense, when the server said so. */
  readonly retryAfterS: number | undefined;
  /** What this problem says besides; empty for most. */
  readonly extra: ProblemExtra;

  constructor(parts: MeridianErrorParts) {
    super(parts.detail, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.status = parts.status;
    this.slug = parts.slug;
    this.detail = parts.detail;
    this.errors = parts.errors ?? [];
    this.requestId = parts.requestId;
    this.retryAfterS = parts.retryAfterS;
    this.extra = parts.extra ?? {};
  }

  /** The message for one field of a form, by its JSON pointer. */
  fieldError(pointer: string): string | undefined {
    return this.errors.find((error) => error.pointer === pointer)?.detail;
  }
}

/**
 * The error of an answer that is not 2xx. Reads the body at most once; an answer without a problem document (a proxy's page,
 * better-auth's `{ code, message }`) still becomes an error with its status.
 */
export async function errorOf(response: Response): Promise<MeridianError> {
  const text = await response.text().catch(() => ""); // a connection cut within an error answer: the status says enough
  const body = asRecord(parseJson(text));
  const type = typeof body.type === "string" ? body.type : "";
  const slug = /^\/problems\/([a-z-]+)$/.exec(type.replace(/^https?:\/\/[^/]+/, ""))?.[1];
  const detail = [body.detail, body.message, body.title].find((part): part is string => typeof part === "string" && part !== "");
  const requestId = typeof body.requestId === "string" ? body.requestId : (response.headers.get("x-request-id") ?? undefined);
  return new MeridianError({
    status: response.status,
    // Slugs of a newer server than this client are kept as they came: the caller's default branch handles them.
    slug: (slug as ProblemSlug | undefined) ?? slugOfStatus(response.status),
    detail: detail ?? `the server answered ${response.status}`,
    errors: fieldErrors(body.errors),
    requestId,
    retryAfterS: retryAfterSeconds(response.headers.get("retry-after"), Date.now()),
    extra: extraOf(body),
  });
}

/** Seconds of a Retry-After header (RFC 9110 section 10.2.3), which is a number or a date; undefined when it is neither. */
export function retryAfterSeconds(header: string | null, nowMs: number): number | undefined {
  if (header === null || header.trim() === "") return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - nowMs) / 1_000));
}

function slugOfStatus(status: number): ProblemSlug | ClientSlug {
  switch (status) {
    case 400:
      return "bad-request";
    case 401:
      return "unauthenticated";
    case 403:
      return "forbidden";
    case 404:
      return "not-found";
    case 413:
      return "payload-too-large";
    case 429:
      return "rate-limited";
    case 502:
    case 503:
    case 504:
      return "unavailable";
    default:
      return status >= 500 ? "internal" : "unexpected";
  }
}

function fieldErrors(value: unknown): FieldError[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    const { pointer, detail } = asRecord(item);
    return typeof pointer === "string" && typeof detail === "string" ? [{ pointer, detail }] : [];
  });
}

function extraOf({ submissionId, reasons }: Record<string, unknown>): ProblemExtra {
  const known = (Array.isArray(reasons) ? reasons : []).flatMap((reason: unknown) => {
    const { rule, action, detail } = asRecord(reason);
    return typeof rule === "string" && typeof action === "string" && typeof detail === "string" ? [{ rule, action, detail }] : [];
  });
  return { ...(typeof submissionId === "string" && { submissionId }), ...(known.length > 0 && { reasons: known }) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not a problem document; the status speaks
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {}; // an object is a record of unknowns
}
