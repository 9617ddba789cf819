import { accept, type Outcome } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";
import { authOf } from "./auth-library.ts";
import { PasswordsBusy, whenHashing } from "./auth-password.ts";
import { problemOfLibrary } from "./auth-problems.ts";

export interface Forwarded {
  /** The library's answer in JSON; null when it has nothing to say. */
  readonly value: unknown;
  /** `Set-Cookie` lines for the browser. */
  readonly cookies: readonly string[];
}

export interface Forward {
  readonly method: "GET" | "POST";
  /** Below `/v1/auth`. */
  readonly path: string;
  readonly body?: unknown;
  /** The caller's cookies. */
  readonly cookie?: string | null;
  /** Whether it hashes a password, of which an isolate takes only so many. */
  readonly hashes?: boolean;
}

/**
 * Asks the library. Only what is named here reaches it: no header of the caller but the cookie, no query, no address.
 * @returns its answer, or the problem that its refusal means
 */
export async function forward(env: EdgeEnv, { method, path, body, cookie, hashes }: Forward): Promise<Outcome<Forwarded>> {
  const auth = await authOf(env);
  const headers = new Headers({ origin: env.PUBLIC_URL });
  if (cookie) headers.set("cookie", cookie);
  if (body !== undefined) headers.set("content-type", "application/json");
  const request = new Request(`${env.PUBLIC_URL}/v1/auth/${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const ask = async () => await auth.handler(request);
  let response: Response;
  try {
    response = hashes ? await whenHashing(Date.now(), ask) : await ask();
  } catch (error) {
    if (!(error instanceof PasswordsBusy)) throw error;
    return { ok: false, problem: { slug: "unavailable", detail: "Too many people sign in at this moment. Try again.", retryAfterS: 2 } };
  }
  if (!response.ok) return { ok: false, problem: await problemOfLibrary(response) };
  const value: unknown = await response.json().catch(() => null); // an empty answer
  return accept({ value, cookies: response.headers.getSetCookie() });
}
