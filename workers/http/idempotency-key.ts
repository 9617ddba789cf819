import { type Outcome, accept, refuse } from "../../contract/problems.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import { sha256Hex } from "../../contract/base64.ts";

export const IDEMPOTENCY_LIMITS = {
  /** Characters between the quotes: what common clients allow. */
  keyChars: 255,
} as const;

/** The key of an `Idempotency-Key` header: a structured-field string (`"8e03978e"`, RFC 9651) or the same without quotes. */
export function parseIdempotencyKey(header: string): Outcome<string> {
  const text = header.trim();
  const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/.exec(text)?.[1];
  const key = quoted === undefined ? text : quoted.replaceAll(/\\(["\\])/g, "$1");
  const valid = quoted === undefined ? /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(key) : key.length > 0;
  if (valid && key.length <= IDEMPOTENCY_LIMITS.keyChars) return accept(key);
  return refuse(
    "invalid-parameter",
    `Send an Idempotency-Key of 1 to ${IDEMPOTENCY_LIMITS.keyChars} visible ASCII characters, best a fresh UUID.`,
  );
}

/**
 * What an object needs to recognise a repeated request. The hash covers the concrete path and query besides the body:
 * the same key on another item of the same route is another request.
 */
export async function idempotencyOf(
  header: string,
  route: string,
  url: URL,
  body: Uint8Array,
): Promise<Outcome<NonNullable<CallMeta["idempotency"]>>> {
  const key = parseIdempotencyKey(header);
  if (!key.ok) return key;
  const target = new TextEncoder().encode(`${url.pathname}${url.search}\n`);
  const hashed = new Uint8Array(target.length + body.length);
  hashed.set(target);
  hashed.set(body, target.length);
  return accept({ key: key.value, route, bodyHash: await sha256Hex(hashed) });
}
