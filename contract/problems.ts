/** Problem types of our own API (RFC 9457). One slug, one status, one title; `type` on the wire is `/problems/{slug}`. */
export const PROBLEMS = {
  "bad-request": { status: 400, title: "The request cannot be understood" },
  "invalid-body": { status: 400, title: "The body does not have the expected shape" },
  "invalid-parameter": { status: 400, title: "A parameter is not valid" },
  "invalid-encoding": { status: 400, title: "The body's encoding is broken" },
  unauthenticated: { status: 401, title: "A valid credential is needed" },
  "wrong-credentials": { status: 401, title: "Email or password is wrong" },
  "wrong-code": { status: 401, title: "The code or passkey is not accepted" },
  forbidden: { status: 403, title: "This credential may not do that" },
  "https-required": { status: 403, title: "Plain http is served on loopback only" },
  "origin-not-allowed": { status: 403, title: "The Origin header does not match" },
  "not-found": { status: 404, title: "There is nothing here" },
  "method-not-allowed": { status: 405, title: "This method is not offered here" },
  "not-acceptable": { status: 406, title: "No representation matches Accept" },
  "request-timeout": { status: 408, title: "The body did not arrive in time" },
  conflict: { status: 409, title: "The state does not allow this" },
  "in-progress": { status: 409, title: "The same request is still being worked on" },
  "secret-already-shown": { status: 409, title: "The secret was shown once and is not kept" },
  gone: { status: 410, title: "This is no longer here" },
  "precondition-failed": { status: 412, title: "Someone else changed it first" },
  "payload-too-large": { status: 413, title: "The body is larger than allowed" },
  "unsupported-media-type": { status: 415, title: "This content type is not accepted here" },
  "idempotency-mismatch": { status: 422, title: "The Idempotency-Key was used with another request" },
  "upgrade-required": { status: 426, title: "This address speaks WebSocket" },
  "invalid-id": { status: 422, title: "The id is not one that can be kept" },
  "limit-too-high": { status: 422, title: "More was asked for than one answer holds" },
  "score-out-of-range": { status: 422, title: "The score is outside of what can be kept exactly" },
  "score-implausible": { status: 422, title: "A rule of the board refuses the score" },
  "too-many-windows": { status: 422, title: "One score would enter too many rankings" },
  "run-used": { status: 409, title: "The run was used already" },
  "run-expired": { status: 409, title: "The run has expired" },
  "window-closed": { status: 409, title: "The window takes no more scores" },
  "board-fixed": { status: 409, title: "How a board orders is fixed by its first score" },
  "submission-archived": { status: 409, title: "The submission is in the archive and cannot be taken back" },
  "quota-reached": { status: 403, title: "The plan's quota is used up" },
  "player-suspended": { status: 403, title: "The player is suspended" },
  "not-your-player": { status: 403, title: "An end user submits as themselves only" },
  "socket-limit": { status: 503, title: "No more live sockets fit here" },
  "board-busy": { status: 503, title: "The board has too much to do just now" },
  "invalid-name": { status: 422, title: "The name is not one that can be kept" },
  "receipt-ahead": { status: 422, title: "The receipt is ahead of the room" },
  "unsupported-media": { status: 415, title: "This kind of file is not accepted" },
  "room-full": { status: 409, title: "The room has as many members as it can" },
  "message-deleted": { status: 409, title: "The message was deleted" },
  muted: { status: 403, title: "Muted in this room" },
  "too-many-subscriptions": { status: 429, title: "The socket follows as much as it may" },
  overloaded: { status: 503, title: "No more sockets fit here" },
  "rate-limited": { status: 429, title: "Too many requests" },
  "limit-reached": { status: 409, title: "A limit of the plan is reached" },
  internal: { status: 500, title: "Something failed on our side" },
  unavailable: { status: 503, title: "Temporarily not able to answer" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemSlug = keyof typeof PROBLEMS;

/** One bad field: an RFC 6901 JSON pointer into the body, or `?name` for a query, `{name}` for a path parameter, and the way out. */
export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

/** What went wrong, as code passes it around; the HTTP edge makes the problem document from it. */
export interface Problem {
  readonly slug: ProblemSlug;
  /** One sentence that says what to do. Never a stack, SQL or another tenant's name. */
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  /** Seconds, for 429 and 503. */
  readonly retryAfterS?: number;
  /** Members of the problem document beyond the standard's (RFC 9457 section 3.2), such as the `submissionId` of a refused score. */
  readonly extra?: {
    readonly submissionId?: string;
    readonly reasons?: readonly { readonly rule: string; readonly action: string; readonly detail: string }[];
  };
}

/** The answer of an object: a value, or a problem. Errors thrown across RPC lose their class, so refusals are values. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

export function accept<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

export function refuse(slug: ProblemSlug, detail: string, more: Omit<Problem, "slug" | "detail"> = {}): Outcome<never> {
  return { ok: false, problem: { slug, detail, ...more } };
}

/** A schema whose refusal is a problem of its own instead of `invalid-parameter`: `check` in workers/http reads it. */
export const asProblem = (problem: ProblemSlug): { params: { problem: ProblemSlug } } => ({ params: { problem } });
