import type { EdgeEnv } from "../env.ts";
import { isSecure } from "./browser.ts";
import { IMMUTABLE, SHARED_FILE_HEADERS, secureHeaders } from "./security-headers.ts";

/** Request headers that change which bytes of a file are answered. */
const PASSED_ON = ["accept-encoding", "if-none-match", "if-modified-since", "range", "if-range"];

/**
 * The file at this path with the headers every answer has, or undefined when there is none. A redirect of the assets
 * service (it tidies `index.html` away) counts as none.
 */
export async function assetAnswer(env: EdgeEnv, request: Request, path: string): Promise<Response | undefined> {
  const url = new URL(path, request.url);
  const headers = new Headers();
  for (const name of PASSED_ON) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  const response = await env.ASSETS.fetch(new Request(url, { method: request.method, headers }));
  if (!response.ok && response.status !== 304) {
    await response.body?.cancel();
    return undefined;
  }
  const answer = new Response(response.body, response);
  secureHeaders(answer.headers, isSecure(url, env));
  if (path.startsWith("/sdk/")) for (const [name, value] of Object.entries(SHARED_FILE_HEADERS)) answer.headers.set(name, value);
  if (path.startsWith("/assets/")) answer.headers.set("cache-control", IMMUTABLE);
  return answer;
}
