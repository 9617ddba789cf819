import { latin1Bytes } from "../../contract/base64.ts";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { type Checked, failed, passed } from "./token-checks.ts";

/** A token taken apart. Nothing of it is proved yet. */
export interface ReadToken {
  readonly header: TokenHeader;
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * What we read of a header. Keys that a header brings along or points to (`jwk`, `jku`, `x5c`, `x5u`) are left where they are: a key
 * comes from the tenant's own configuration or not at all.
 */
export interface TokenHeader {
  readonly alg: string;
  readonly kid: string | undefined;
}

const TYPE = /^(at\+)?jwt$/i;

/** The name of the first member of a header that is not one that is taken. Without a schema, like `readOurClaims`. */
function misfitIn({ alg, kid, typ, crit, b64 }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof alg !== "string" || alg.length > 20) return "alg";
  if (kid !== undefined && (typeof kid !== "string" || kid.length > 200)) return "kid";
  if (typ !== undefined && (typeof typ !== "string" || !TYPE.test(typ))) return "typ";
  // RFC 7515 section 4.1.11: what must be understood and is not, refuses. We understand none.
  if (crit !== undefined) return "crit";
  // RFC 7797: a payload that is not what its text says.
  return b64 === undefined ? undefined : "b64";
}

const PARTS = /^([A-Za-z0-9_-]{1,8192})\.([A-Za-z0-9_-]{1,8192})\.([A-Za-z0-9_-]{1,8192})$/;
const ASCII = /^[\0-\x7f]*$/;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Whether a credential is meant as a token: three parts with dots between. No API key has a dot. */
export function isTokenShaped(text: string): boolean {
  return text.split(".", 4).length === 3;
}

/** Takes a token apart: its size before anything, its form, and its header. */
export function readToken(text: string): Checked<ReadToken> {
  if (text.length > SUBJECT_LIMITS.tokenBytes) return failed("size", `It has more than ${SUBJECT_LIMITS.tokenBytes} bytes.`);
  const [, head, body] = PARTS.exec(text) ?? [];
  if (head === undefined || body === undefined) return failed("form", "It is not three parts of base64url with dots between.");
  const [header, claims] = [objectIn(head), objectIn(body)];
  if (!header || !claims) return failed("form", `Its ${header ? "second" : "first"} part is no JSON object.`);
  const misfit = misfitIn(header);
  if (misfit !== undefined) return failed("header", `Its header's ${misfit} is not one that is taken.`);
  const { alg, kid } = header as unknown as TokenHeader; // both were looked at
  return passed({ header: { alg, kid }, claims });
}

function objectIn(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(textIn(part));
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined; // an object of JSON has text keys
  } catch {
    return undefined; // no UTF-8 or no JSON
  }
}

/** Most tokens are ASCII, whose bytes are their text already: a third of what it costs to decode them. @throws for no UTF-8 */
function textIn(part: string): string {
  const bytes = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
  return ASCII.test(bytes) ? bytes : decoder.decode(latin1Bytes(bytes));
}
