import { type Outcome, accept, refuse } from "../../contract/problems.ts";

/** The strong ETag of a thing with a version number. */
export function etagOf(version: number): string {
  return `"v${version}"`;
}

/**
 * The version that `If-Match` demands, for the object to compare in its transaction: undefined when there is no header or
 * it is `*`. A tag that we never made matches nothing, so it is refused at once (RFC 9110 section 13.1.1).
 */
export function ifMatchVersion(request: Request): Outcome<number | undefined> {
  const header = request.headers.get("if-match")?.trim();
  if (header === undefined || header === "*") return accept(undefined);
  const version = /^"v(\d{1,15})"$/.exec(header)?.[1];
  if (version !== undefined) return accept(Number(version));
  return refuse("precondition-failed", "If-Match holds no ETag of this resource. Read it, and send the ETag of that answer.");
}

/** Whether `If-None-Match` says that the caller has this already (weak comparison, RFC 9110 section 13.1.2). */
export function hasAlready(request: Request, etag: string): boolean {
  const header = request.headers.get("if-none-match");
  if (header === null) return false;
  return header.trim() === "*" || header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
