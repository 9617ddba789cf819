import { checkGrants, grantKindOf, halvesOf, isListed } from "../../contract/grants.ts";
import type { Action } from "../../contract/permissions.ts";
import { may, type SubjectPrincipal, type VisitorPrincipal } from "../../contract/principal.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { accessOf } from "./access-cache.ts";
import { deny, type Scene } from "./principal.ts";
import type { RouteSpec } from "./route.ts";
import { visitorAt } from "./subject-principal.ts";

/** Who is no operator and no service. */
export type Outsider = SubjectPrincipal | VisitorPrincipal;

const NOT_FOR_END_USERS = "This is not for end users: it takes an API key, or a person signed in to the console.";
const SIGN_IN = "This takes the token of an end user: sign in, then send it as `Authorization: Bearer …`.";

/**
 * Whether the route is for an end user at all; what it is about comes later, when the request is parsed.
 * @throws when the tenant's object cannot be read
 */
export async function admitToRoute(principal: Outsider, spec: RouteSpec, scene: Scene): Promise<Outcome<undefined>> {
  const { subjects, action } = spec;
  if (subjects === undefined) return refuseOutsider(principal, "not-for-subjects", action, NOT_FOR_END_USERS, scene);
  if (subjects === "self") return principal.kind === "subject" ? accept(undefined) : refuse("unauthenticated", SIGN_IN);
  if (subjects === "members" || subjects === "readers")
    return isReader(principal, action) ? accept(undefined) : refuse("unauthenticated", SIGN_IN);
  if (subjects !== "visitors" || action === "open") return accept(undefined);
  if (may(principal, action)) return accept(undefined);
  // At the door everybody may do what a stranger may, also with a token that they need not have sent.
  if (principal.kind === "subject" && scene.door && may(await visitorAt(scene.door, scene), action)) return accept(undefined);
  return refuseOutsider(principal, "not-for-subjects", action, "This tenant's door does not offer that.", scene);
}

/** A stranger never does more than read. */
function isReader({ kind }: Outsider, action: RouteSpec["action"]): boolean {
  return kind === "subject" || (action !== "open" && halvesOf(action)[1] === "read");
}

/**
 * Of routes for members: a subject goes on to the thing's object, which knows who is one; a visitor needs its public mark.
 * @throws when the tenant's object cannot be read
 */
export async function admitToMembership(principal: Outsider, action: Action, name: string, scene: Scene): Promise<Outcome<undefined>> {
  return principal.kind === "subject" ? accept(undefined) : await admitToThings(principal, action, [name], scene);
}

/**
 * Whether the end user may do this with each of the things that the request is about. Decided before anybody looks whether they exist.
 * @throws when the tenant's object cannot be read
 */
export async function admitToThings(
  principal: Outsider,
  action: Action,
  names: readonly string[],
  scene: Scene,
): Promise<Outcome<undefined>> {
  const kind = grantKindOf(action) ?? "";
  const [, verb] = halvesOf(action);
  const ungranted = names.filter((thing) => principal.kind === "visitor" || !checkGrants(principal.grants, action, thing).allowed);
  if (names.length > 0 && ungranted.length === 0) return accept(undefined);
  // A mark makes a thing readable by everybody, and nothing more.
  const access = verb === "read" ? await accessOf(scene.env, scene.ctx, principal.tenantId, scene.now) : null;
  const missing = ungranted.find((thing) => !isListed(access?.publicThings ?? [], kind, thing));
  if (names.length > 0 && missing === undefined) return accept(undefined);
  if (principal.kind === "visitor") return refuse("unauthenticated", `This is not public. ${SIGN_IN}`);
  return refuseOutsider(principal, "missing-grant", action, missingGrant(action, principal, missing), scene);
}

/** Says the same whether or not there is such a thing. */
function missingGrant(action: Action, { grants }: SubjectPrincipal, name: string | undefined): string {
  if (name === undefined) return "Say what it is about by name: end users may do this with things that they name.";
  const verdict = checkGrants(grants, action, name);
  if (verdict.allowed || verdict.missing === null) return `No grant gives ${action}.`;
  return `The token lacks the grant ${JSON.stringify(verdict.missing)}. Ask for a token that has it.`;
}

/** Strangers without a credential leave no note: they could fill the log. */
function refuseOutsider(
  principal: Outsider,
  reason: "missing-grant" | "not-for-subjects",
  action: RouteSpec["action"],
  detail: string,
  scene: Scene,
): Outcome<never> {
  if (principal.kind === "subject") deny(principal, reason, action === "open" ? undefined : action, scene);
  return refuse("forbidden", detail);
}
