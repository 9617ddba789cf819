import { PROBLEMS, type Problem } from "../../contract/problems.ts";

/** The most field errors of one answer; a caller fixes these first. */
export const MAX_FIELD_ERRORS = 20;

/** RFC 9457 problem details. Anything a client should do is in `detail` and `errors`. */
export function problemResponse(problem: Problem, requestId: string): Response {
  const { status, title } = PROBLEMS[problem.slug];
  const headers = new Headers({ "content-type": "application/problem+json", "cache-control": "no-store" });
  if (problem.retryAfterS !== undefined) headers.set("retry-after", String(Math.max(1, Math.ceil(problem.retryAfterS))));
  if (problem.slug === "unauthenticated") headers.set("www-authenticate", 'Bearer realm="meridian"');
  const errors = problem.errors?.slice(0, MAX_FIELD_ERRORS);
  const body = {
    ...problem.extra,
    type: `/problems/${problem.slug}`,
    title,
    status,
    detail: problem.detail,
    ...(errors ? { errors } : {}),
    requestId,
  };
  return new Response(JSON.stringify(body), { status, headers });
}

/** Makes the answer for a problem; foreign protocols bring their own. `contentType` is the request's, for those that answer in kind. */
export type ProblemRenderer = (problem: Problem, requestId: string, contentType: string | null) => Response;
