import { type PublicJwk, publicJwkSchema } from "../../contract/issuers.ts";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";

/** For the whole answer. Somebody's request waits for it. */
export const JWKS_TIMEOUT_MS = 5_000;

/** Why a set of keys cannot be had. The message is for whoever configured the issuer. */
export class JwksError extends Error {
  override readonly name = "JwksError";
}

/**
 * The keys behind an issuer's address. A redirect is a failure and never followed: it would lead wherever the other side likes. Keys of
 * kinds that we do not know are left out, as RFC 7517 section 5 asks.
 * @throws JwksError
 */
export async function fetchJwks(url: string): Promise<readonly PublicJwk[]> {
  const text = await fetchText(url);
  const set = parse(text);
  const keys = typeof set === "object" && set !== null && "keys" in set ? set.keys : undefined;
  if (!Array.isArray(keys)) throw new JwksError("it is no JSON with a list of keys");
  if (keys.length > SUBJECT_LIMITS.jwksKeys) throw new JwksError(`it has more than ${SUBJECT_LIMITS.jwksKeys} keys`);
  return keys.flatMap((key: unknown) => publicJwkSchema.safeParse(key).data ?? []);
}

async function fetchText(url: string): Promise<string> {
  if (URL.parse(url)?.protocol !== "https:") throw new JwksError("it is no https address");
  const signal = AbortSignal.timeout(JWKS_TIMEOUT_MS);
  try {
    const headers = { accept: "application/jwk-set+json, application/json" };
    const response = await fetch(url, { redirect: "manual", cache: "no-store", headers, signal });
    if (response.status !== 200) {
      await response.body?.cancel();
      const isRedirect = response.status >= 300 && response.status < 400;
      throw new JwksError(`it answers ${response.status}${isRedirect ? ": redirects are not followed" : ""}`);
    }
    return await readBounded(response.body);
  } catch (error) {
    if (error instanceof JwksError) throw error;
    throw new JwksError(signal.aborted ? `it does not answer within ${JWKS_TIMEOUT_MS / 1_000} s` : "it cannot be reached");
  }
}

/** Never holds more than the limit, whatever length is announced. */
async function readBounded(body: ReadableStream<Uint8Array> | null): Promise<string> {
  const decoder = new TextDecoder();
  const reader = body?.getReader();
  let text = "";
  for (let bytes = 0; reader;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.byteLength;
    if (bytes > SUBJECT_LIMITS.jwksBytes) {
      await reader.cancel();
      throw new JwksError(`it has more than ${SUBJECT_LIMITS.jwksBytes} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
  return text + decoder.decode();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // said by the caller, who needs more than any JSON
  }
}
