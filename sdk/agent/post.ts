import { MeridianError, errorOf, retryAfterSeconds } from "../errors.ts";
import type { Batch } from "./batch.ts";

/** What came of one try to send a batch. */
export type PostOutcome =
  /** Stored, or had been stored before. `rejected` says what the server thought of single samples. */
  | { readonly kind: "accepted"; readonly rejected: string | undefined }
  /** The batch itself is at fault: it will never be taken. */
  | { readonly kind: "refused"; readonly reason: string }
  /** The key is not good (any more). */
  | { readonly kind: "unauthorized"; readonly reason: string }
  /** The server asks for patience, or cannot be reached. */
  | { readonly kind: "away"; readonly reason: string; readonly retryAfterMs: number | undefined };

export type Post = (batch: Batch) => Promise<PostOutcome>;

export interface PostOptions {
  readonly url: string;
  readonly key: string;
  /** For one try: a server that took the connection and says nothing is as good as away. */
  readonly timeoutMs: number;
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** Sends batches to `/v1/metrics/ingest`. It never throws: everything that can go wrong is an outcome. */
export function ingestPost(options: PostOptions): Post {
  const send = options.fetch ?? ((url: string, init: RequestInit) => fetch(url, init));
  const url = `${options.url.replace(/\/+$/, "")}/v1/metrics/ingest`;
  const headers = {
    authorization: `Bearer ${options.key}`,
    "content-type": "application/json",
    "content-encoding": "gzip",
    accept: "application/json",
  };
  return async (batch) => {
    try {
      const response = await send(url, {
        method: "POST",
        headers,
        body: new Uint8Array(batch.body),
        // Following would turn the POST into a GET, or carry the key to another host.
        redirect: "manual",
        signal: AbortSignal.timeout(options.timeoutMs),
      });
      if (response.ok) return { kind: "accepted", rejected: rejections(await response.text()) };
      if (response.status >= 300 && response.status < 400) {
        await response.body?.cancel();
        return away(`it redirects to ${response.headers.get("location") ?? "nowhere"}; give that address as --url`, undefined);
      }
      const retryAfterS = retryAfterSeconds(response.headers.get("retry-after"), Date.now());
      return outcomeOf(await errorOf(response), retryAfterS);
    } catch (error) {
      return away(reasonOf(error, options.timeoutMs), undefined);
    }
  };
}

/** Which failure is whose fault: 401 and 403 the key's, 408, 429 and 5xx the server's or the way's, every other 4xx the batch's. */
export function outcomeOf(error: MeridianError, retryAfterS: number | undefined): PostOutcome {
  const reason = `${error.status} ${error.slug}: ${error.detail}`;
  switch (error.status) {
    case 401:
    case 403:
      return { kind: "unauthorized", reason };
    case 408:
    case 429:
      return away(reason, retryAfterS);
    default:
      return error.status >= 400 && error.status < 500 ? { kind: "refused", reason } : away(reason, retryAfterS);
  }
}

function away(reason: string, retryAfterS: number | undefined): PostOutcome {
  return { kind: "away", reason, retryAfterMs: retryAfterS === undefined ? undefined : retryAfterS * 1_000 };
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return "no connection";
  if (error.name === "TimeoutError") return `no answer within ${timeoutMs / 1_000} s`;
  const { cause } = error;
  if (typeof cause === "object" && cause !== null && "code" in cause) return `no connection (${String(cause.code)})`;
  return cause instanceof Error ? `no connection (${cause.message})` : `no connection (${error.message})`;
}

/** A line about rejected samples of an accepted batch; an answer that is not ours says nothing. */
function rejections(text: string): string | undefined {
  try {
    const reply: unknown = JSON.parse(text);
    if (typeof reply !== "object" || reply === null || !("rejectedCount" in reply) || typeof reply.rejectedCount !== "number")
      return undefined;
    if (reply.rejectedCount === 0) return undefined;
    const first: unknown = "rejected" in reply && Array.isArray(reply.rejected) ? reply.rejected[0] : undefined;
    const reason = typeof first === "object" && first !== null && "reason" in first ? String(first.reason) : "no reason given";
    return `${reply.rejectedCount} samples rejected, first ${reason}`;
  } catch {
    return undefined;
  }
}
