import { PROBLEMS, type Problem } from "../../contract/problems.ts";
import type { RedisReply, RedisValue } from "../../contract/rpc/leaderboard.ts";

/**
 * A problem as clients of this protocol read it: `{"error": "…"}`, its first word a code as Redis has them. What is wrong with the body is
 * 400 and not 422.
 */
export function redisProblem(problem: Problem): Response {
  const { status } = PROBLEMS[problem.slug];
  const errors = (problem.errors ?? []).map(({ pointer, detail }) => ` ${pointer} ${detail}.`).join("");
  const response = Response.json(
    { error: `${CODES[status] ?? "ERR"} ${problem.detail}${errors}` },
    { status: status === 422 ? 400 : status },
  );
  if (problem.retryAfterS !== undefined) response.headers.set("retry-after", String(Math.max(1, Math.ceil(problem.retryAfterS))));
  if (status === 401) response.headers.set("www-authenticate", 'Bearer realm="meridian"');
  return response;
}

const CODES: Readonly<Record<number, string>> = { 401: "WRONGPASS", 403: "NOPERM" };

/** Whether the caller wants texts of results in base64, as the client does unless it is told otherwise. */
export function wantsBase64(headers: Headers): boolean {
  return headers.get("upstash-encoding")?.trim().toLowerCase() === "base64";
}

/** A reply on the wire: with base64 every text of a result at every depth, and never a number, null or an error. */
export function encodeReply(reply: RedisReply, base64: boolean): RedisReply {
  return base64 && "result" in reply ? { result: encodeValue(reply.result) } : reply;
}

const encoder = new TextEncoder();

function encodeValue(value: RedisValue): RedisValue {
  if (typeof value === "string") return toBase64(value);
  return Array.isArray(value) ? (value as readonly RedisValue[]).map(encodeValue) : value; // `isArray` forgets what a readonly array holds
}

function toBase64(text: string): string {
  let bytes = "";
  for (const byte of encoder.encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}
