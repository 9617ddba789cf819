import { z } from "@hono/zod-openapi";
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
const headerSchema = z.object({
  alg: z.string().max(20),
  kid: z.string().max(200).optional(),
  typ: z
    .string()
    .regex(/^(at\+)?jwt$/i)
    .optional(),
  /** RFC 7515 section 4.1.11: what must be understood and is not, refuses. We understand none. */
  crit: z.undefined().optional(),
  /** RFC 7797: a payload that is not what its text says. */
  b64: z.undefined().optional(),
});
export type TokenHeader = z.infer<typeof headerSchema>;

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
  const parsed = headerSchema.safeParse(header);
  if (!parsed.success) {
    const name = String(parsed.error.issues[0]?.path[0] ?? "");
    return failed("header", `Its header's ${name} is not one that is taken.`);
  }
  return passed({ header: parsed.data, claims });
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
  return ASCII.test(bytes) ? bytes : decoder.decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
}
