import { parse, serialize } from "hono/utils/cookie";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import type { EdgeEnv } from "../env.ts";
import { isSecure } from "../http/browser.ts";

interface CookiePlace {
  readonly env: Pick<EdgeEnv, "PUBLIC_URL">;
  readonly request: Request;
  readonly slug: string;
}

/** The refresh handle that a browser keeps for us; undefined when it keeps none. */
export function handleInCookie(place: CookiePlace): string | undefined {
  const header = place.request.headers.get("cookie");
  const { name } = cookieAt(place);
  return header === null ? undefined : parse(header, name)[name];
}

/** The `Set-Cookie` line that gives a browser this handle; null takes the cookie away. */
export function handleCookie(place: CookiePlace, handle: string | null): string {
  const { name, secure } = cookieAt(place);
  return serialize(name, handle ?? "", {
    path: "/",
    httpOnly: true,
    secure,
    sameSite: "Strict",
    // As long as the family lives when it is not used.
    maxAge: handle === null ? 0 : SUBJECT_LIMITS.familyIdleS,
  });
}

/**
 * One cookie per tenant, since all doors of a deployment share a host. `__Host-` makes browsers refuse one that another subdomain
 * or a plain connection tries to set; plain http is served on loopback only and cannot have it.
 */
function cookieAt({ env, request, slug }: CookiePlace): { readonly name: string; readonly secure: boolean } {
  const secure = isSecure(new URL(request.url), env);
  return { name: `${secure ? "__Host-" : ""}meridian.refresh.${slug}`, secure };
}
