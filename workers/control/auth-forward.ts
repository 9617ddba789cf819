import { accept, type Outcome } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";
import { carriedCookies, COOKIE_KINDS, type CookieKind, cookieOf } from "./auth-cookie.ts";
import { originOf } from "./auth-device.ts";
import { authOf, NETWORK_HEADER } from "./auth-library.ts";
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
  /** The caller's: a session that the library opens is known by its device and network. */
  readonly request: Request;
  /** Which of the caller's cookies go along; none when absent. */
  readonly carry?: readonly CookieKind[];
  /** Whether it hashes a password, of which an isolate takes only so many. */
  readonly hashes?: boolean;
}

/**
 * Asks the library. Only what is named here reaches it: no header of the caller but the cookies of these kinds, no query; of
 * program and address no more than what is kept of them. Only cookies of ours come back.
 * @returns its answer, or the problem that its refusal means
 */
export async function forward(env: EdgeEnv, { method, path, body, request, carry = [], hashes }: Forward): Promise<Outcome<Forwarded>> {
  const auth = await authOf(env, path.startsWith("passkey/") ? "passkeys" : "plain");
  const headers = new Headers({ origin: env.PUBLIC_URL });
  const { device, network } = originOf(request);
  if (device !== null) headers.set("user-agent", device);
  if (network !== null) headers.set(NETWORK_HEADER, network);
  const cookie = await carriedCookies(request, env, carry);
  if (cookie !== "") headers.set("cookie", cookie);
  if (body !== undefined) headers.set("content-type", "application/json");
  const asked = new Request(`${env.PUBLIC_URL}/v1/auth/${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const ask = async () => await auth.handler(asked);
  let response: Response;
  try {
    response = hashes ? await whenHashing(Date.now(), ask) : await ask();
  } catch (error) {
    if (!(error instanceof PasswordsBusy)) throw error;
    return { ok: false, problem: { slug: "unavailable", detail: "Too many people sign in at this moment. Try again.", retryAfterS: 2 } };
  }
  if (!response.ok) return { ok: false, problem: await problemOfLibrary(response) };
  const value: unknown = await response.json().catch(() => null); // an empty answer
  const ours = COOKIE_KINDS.map((kind) => `${cookieOf(env, kind).name}=`);
  const cookies = response.headers.getSetCookie().filter((line) => ours.some((start) => line.startsWith(start)));
  return accept({ value, cookies });
}
