import { accept, type Outcome } from "../../contract/problems.ts";
import type { TokenReply } from "../../contract/subjects.ts";
import type { EdgeEnv } from "../env.ts";
import type { TenantAccess } from "../http/access-cache.ts";
import { checkDoorOrigin } from "../http/door-origin.ts";
import { handleCookie } from "./subject-cookie.ts";
import { sceneAtDoor } from "./subject-scene.ts";

type Keep = "cookie" | "answer";
type DoorCall = Parameters<typeof sceneAtDoor>[0] & { readonly env: EdgeEnv; readonly answerHeaders: Headers };

/** A cookie is set for pages of the door's own site only: a stranger's page could otherwise sign its visitor in as somebody else. */
export function mayKeep({ request, env }: DoorCall, keep: Keep, access: TenantAccess): Outcome<undefined> {
  return keep === "cookie" ? checkDoorOrigin(request, env, access) : accept(undefined);
}

/** The answer of whatever signs in: the handle goes into the cookie where it is to be kept there. */
export function answerSession(call: DoorCall, keep: Keep, opened: Outcome<TokenReply>): Outcome<TokenReply> {
  if (!opened.ok || keep === "answer") return opened;
  call.answerHeaders.append("set-cookie", handleCookie(sceneAtDoor(call), opened.value.refreshHandle));
  return accept({ ...opened.value, refreshHandle: null });
}
