import { type Outcome, accept, refuse } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";
import type { TenantAccess } from "./access-cache.ts";
import { isOwnOrigin, isSecure } from "./browser.ts";

/**
 * What a cookie needs besides itself at a tenant's door, since browsers attach it to anyone's requests: an Origin that the
 * tenant lists to the letter, or that of the very host that was asked.
 */
export function checkDoorOrigin(request: Request, env: EdgeEnv, access: TenantAccess): Outcome<undefined> {
  const origin = request.headers.get("origin");
  const url = new URL(request.url);
  const here = `${isSecure(url, env) ? "https:" : url.protocol}//${url.host}`;
  const known = origin !== null && (origin === here || isOwnOrigin(origin, url, env) || access.config.settings.origins.includes(origin));
  if (known) return accept(undefined);
  return refuse("origin-not-allowed", "A browser's cookie counts for pages of the origins that the tenant's settings list only.");
}
