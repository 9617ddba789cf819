import { PROBLEMS, type Problem } from "../../contract/problems.ts";
import { essenceOf } from "../http/accept.ts";
import { WIRE } from "./protobuf.ts";

export const PROTOBUF = "application/x-protobuf";
export const JSON_TYPE = "application/json";

/** What was refused of a request whose rest is stored. */
export interface PartialSuccess {
  readonly rejectedDataPoints: number;
  readonly errorMessage: string;
}

/** 200 with an `ExportMetricsServiceResponse`, empty when everything was taken (https://opentelemetry.io/docs/specs/otlp/#full-success-1). */
export function otlpSuccess(contentType: string | null, partial: PartialSuccess | undefined): Response {
  if (!isProtobuf(contentType)) {
    // ProtoJSON writes an int64 as a text.
    const body = partial ? { partialSuccess: { ...partial, rejectedDataPoints: String(partial.rejectedDataPoints) } } : {};
    return answer(200, contentType, JSON.stringify(body));
  }
  if (!partial) return answer(200, contentType, new Uint8Array(0));
  const inner = [...varintField(1, partial.rejectedDataPoints), ...bytesField(2, new TextEncoder().encode(partial.errorMessage))];
  return answer(200, contentType, Uint8Array.from(bytesField(1, inner)));
}

/** Senders wait so long at least where we know no better. */
const RETRY_AFTER_S = 5;

/**
 * A problem as a `google.rpc.Status` in the request's own encoding. Exporters send again on 429, 502, 503 and 504 only
 * (https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes), so what passes by itself, and what failed on our side, is 503.
 */
export function otlpProblem(problem: Problem, requestId: string, contentType: string | null): Response {
  const status = statusOf(problem);
  const errors = (problem.errors ?? []).map(({ pointer, detail }) => ` ${pointer} ${detail}.`).join("");
  const message = `${problem.detail}${errors} (request ${requestId})`;
  const code = CODES[status] ?? INVALID_ARGUMENT;
  const body = isProtobuf(contentType)
    ? Uint8Array.from([...varintField(1, code), ...bytesField(2, new TextEncoder().encode(message))])
    : JSON.stringify({ code, message });
  const response = answer(status, contentType, body);
  if (status === 503 || status === 429) {
    response.headers.set("retry-after", String(Math.max(1, Math.ceil(problem.retryAfterS ?? RETRY_AFTER_S))));
  }
  if (status === 401) response.headers.set("www-authenticate", 'Bearer realm="meridian"');
  return response;
}

const INVALID_ARGUMENT = 3;
/** https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const CODES: Readonly<Record<number, number>> = { 401: 16, 403: 7, 404: 5, 405: 12, 413: 8, 429: 8, 503: 14 };

function statusOf({ slug }: Problem): number {
  if (slug === "request-timeout" || slug === "internal") return 503;
  return PROBLEMS[slug].status;
}

/** Whether a request came as protobuf; what is neither that nor JSON is answered in JSON. */
export function isProtobuf(contentType: string | null): boolean {
  return essenceOf(contentType) === PROTOBUF;
}

function answer(status: number, contentType: string | null, body: string | Uint8Array<ArrayBuffer>): Response {
  const type = isProtobuf(contentType) ? PROTOBUF : JSON_TYPE;
  return new Response(body, { status, headers: { "content-type": type, "cache-control": "no-store" } });
}

function varintField(number: number, value: number): number[] {
  return [(number << 3) | WIRE.varint, ...varint(value)];
}

function bytesField(number: number, bytes: ArrayLike<number>): number[] {
  return [(number << 3) | WIRE.bytes, ...varint(bytes.length), ...Array.from(bytes)];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}
