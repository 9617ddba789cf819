import { uuidv7 } from "../contract/ids.ts";
import { backoffMs } from "../contract/retry.ts";
import { errorOf, MeridianError } from "./errors.ts";

export interface MeridianOptions {
  /** Origin of the deployment, `https://meridian.example`. Left out in a browser: the page's own origin. */
  readonly url?: string;
  /** API key `mrd_…`. Without one a browser's session cookie is used. */
  readonly key?: string;
  /** Replaces the platform's `fetch`, in tests or to go through a service binding. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Milliseconds for one attempt, the answer's body included. Default 30,000. */
  readonly timeoutMs?: number;
  /** Attempts in all of a request that is safe to repeat. Default 4; 1 never repeats. */
  readonly attempts?: number;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Pacing of retries, replaced in tests. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly random?: () => number;
}

/** What every method takes as its last argument. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for one attempt of this call. */
  readonly timeoutMs?: number | undefined;
  /** Used for this call instead of a generated one: pass the same again to repeat a create over a restart of the program. */
  readonly idempotencyKey?: string | undefined;
}

export interface RequestParts {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  readonly body?: unknown;
  /** Sent as NDJSON, a line each, instead of `body`. */
  readonly lines?: readonly unknown[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is, under its own type, instead of `body`. */
  readonly file?: Blob;
  /**
   * Why it may be sent again: `safe` changes nothing or is deduplicated by content, `keyed` gets an Idempotency-Key,
   * `never` is sent once. Default: `safe` for GET, `keyed` for every other method.
   */
  readonly repeat?: "safe" | "keyed" | "never";
  /** Compresses a larger body; only bulk routes take it. */
  readonly gzip?: boolean;
  /** Told the headers of the answer, when it is a success. */
  readonly onHeaders?: (headers: Headers) => void;
  readonly options?: CallOptions | undefined;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
/** Sends one request and answers the parsed JSON (undefined for 204). @throws MeridianError, or the signal's reason */
export type Call = <T>(method: Method, path: string, parts?: RequestParts) => Promise<T>;

const RETRY = { baseMs: 250, capMs: 8_000 };
/** A server that asks for more patience than this gets an error instead: a caller should not hang silently. */
const MAX_RETRY_AFTER_S = 60;
/** Bodies below this are not worth a gzip header. */
const GZIP_FROM_BYTES = 2_048;

/** The one way all methods reach the server. */
export function transport(options: MeridianOptions): Call {
  const origin = (options.url ?? "").replace(/\/+$/, "");
  const send = options.fetch ?? ((url: string, init: RequestInit) => fetch(url, init));
  const sleep = options.sleep ?? pause;
  const random = options.random ?? Math.random;
  const attempts = Math.max(1, options.attempts ?? 4);

  return async <T>(method: Method, path: string, parts: RequestParts = {}): Promise<T> => {
    const repeat = parts.repeat ?? (method === "GET" ? "safe" : "keyed");
    const caller = parts.options?.signal;
    const headers = new Headers({ accept: "application/json", ...options.headers, ...parts.headers });
    if (options.key !== undefined) headers.set("authorization", `Bearer ${options.key}`);
    if (repeat === "keyed") headers.set("idempotency-key", parts.options?.idempotencyKey ?? newKey());
    const credentials = options.key === undefined ? "same-origin" : "omit";
    // Not every runtime's types know credentials.
    const init: RequestInit & { credentials: typeof credentials } = { method, headers, credentials };
    if (parts.body !== undefined)
      init.body = await encodeBody("application/json", JSON.stringify(parts.body), headers, parts.gzip === true);
    if (parts.lines !== undefined) init.body = await encodeBody("application/x-ndjson", ndjson(parts.lines), headers, parts.gzip === true);
    if (parts.file !== undefined) {
      init.body = parts.file;
      headers.set("content-type", parts.file.type === "" ? "application/octet-stream" : parts.file.type);
    }
    const url = `${origin}${path}${queryText(parts.query)}`;
    const timeoutMs = parts.options?.timeoutMs ?? options.timeoutMs ?? 30_000;

    for (let attempt = 0; ; attempt++) {
      caller?.throwIfAborted();
      let failure: MeridianError;
      try {
        return await once<T>(send, url, init, timeoutMs, caller, parts.onHeaders);
      } catch (error) {
        if (!(error instanceof MeridianError)) throw error; // the caller's own abort
        failure = error;
      }
      if (repeat === "never" || attempt + 1 >= attempts || !worthRepeating(failure)) throw failure;
      await sleep(Math.max(backoffMs(RETRY, attempt, random()), (failure.retryAfterS ?? 0) * 1_000), caller);
    }
  };
}

async function once<T>(
  send: NonNullable<MeridianOptions["fetch"]>,
  url: string,
  init: RequestInit,
  timeoutMs: number,
  caller: AbortSignal | undefined,
  onHeaders: RequestParts["onHeaders"],
): Promise<T> {
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const response = await send(url, { ...init, signal: caller ? AbortSignal.any([caller, limit]) : limit });
    if (!response.ok) throw await errorOf(response);
    onHeaders?.(response.headers);
    const text = response.status === 204 ? "" : await response.text();
    // The contract types what the server answers; this client trusts its own server, and carries no schema library into browsers.
    return (text === "" ? undefined : parse(text, response)) as T;
  } catch (error) {
    if (error instanceof MeridianError) throw error;
    caller?.throwIfAborted();
    if (limit.aborted) {
      throw new MeridianError({ status: 0, slug: "timeout", detail: `no answer within ${timeoutMs} ms`, cause: error });
    }
    throw new MeridianError({ status: 0, slug: "network", detail: "the server cannot be reached", cause: error });
  }
}

function parse(text: string, response: Response): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const requestId = response.headers.get("x-request-id") ?? undefined;
    throw new MeridianError({ status: response.status, slug: "unexpected", detail: "the answer is not JSON", requestId, cause });
  }
}

function worthRepeating(failure: MeridianError): boolean {
  if ((failure.retryAfterS ?? 0) > MAX_RETRY_AFTER_S) return false;
  return failure.status === 0 || failure.status === 429 || failure.status === 503 || failure.slug === "in-progress";
}

function ndjson(lines: readonly unknown[]): string {
  return lines.map((line) => JSON.stringify(line)).join("\n");
}

async function encodeBody(mediaType: string, text: string, headers: Headers, gzip: boolean): Promise<BodyInit> {
  headers.set("content-type", mediaType);
  if (!gzip || text.length < GZIP_FROM_BYTES || typeof CompressionStream === "undefined") return text;
  headers.set("content-encoding", "gzip");
  // As bytes, not as a stream: a stream could be sent only once and needs HTTP/2 in browsers.
  return await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
}

function queryText(query: RequestParts["query"]): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

function newKey(): string {
  // getRandomValues, unlike randomUUID, exists on plain http pages too.
  return uuidv7(Date.now(), (bytes) => crypto.getRandomValues(bytes));
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((done, fail) => {
    const timer = setTimeout(finish, ms);
    const stop = () => {
      clearTimeout(timer);
      fail(signal?.reason instanceof Error ? signal.reason : new DOMException("aborted", "AbortError"));
    };
    function finish(): void {
      signal?.removeEventListener("abort", stop);
      done();
    }
    signal?.addEventListener("abort", stop, { once: true });
  });
}
