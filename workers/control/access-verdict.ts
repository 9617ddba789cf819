import { checkGrants, covers, type Grant, grantKindOf, halvesOf, type Thing } from "../../contract/grants.ts";
import type { Action } from "../../contract/permissions.ts";
import { may, type SubjectPrincipal, type VisitorPrincipal } from "../../contract/principal.ts";
import type { Explained } from "../../contract/subjects.ts";

export interface AccessQuestion {
  readonly action: Action;
  /** A thing's name or a prefix with `*`; undefined asks about the action itself. */
  readonly name: string | undefined;
  readonly publicThings: readonly Thing[];
  readonly hostedAccounts: boolean;
}

type Asked = SubjectPrincipal | { readonly kind: "grants"; readonly grants: readonly Grant[] } | { readonly kind: "visitor" };

/** Why somebody may do something, as the request path decides it: what is public, then the grants, then what comes with being there. */
export function explainAccess(who: Asked, { action, name, publicThings, hostedAccounts }: AccessQuestion): Explained {
  const nothing = { grant: null, public: null, missing: null, checks: [] };
  const grants = who.kind === "visitor" ? [] : who.grants;
  if (name === undefined) {
    const allowed = may(who.kind === "visitor" ? visitor(hostedAccounts) : subject(grants), action);
    return { ...nothing, allowed, reason: allowed ? `${action} needs no grant.` : withoutName(action, who.kind) };
  }
  const kind = grantKindOf(action) ?? "";
  const [, verb] = halvesOf(action);
  // Marks are for reading: nothing is written because it is public.
  const mark = verb === "read" ? publicThings.find((thing) => thing.kind === kind && covers(thing.name, name)) : undefined;
  if (mark) {
    return {
      ...nothing,
      allowed: true,
      reason: `Anybody may: ${kind} ${mark.name} is public.`,
      public: { kind: mark.kind, name: mark.name },
    };
  }
  const verdict = checkGrants(grants, action, name);
  if (verdict.allowed) {
    const grant = grants[verdict.by];
    const reason = `Grant ${verdict.by + 1} of ${grants.length} allows it: ${verb} on ${kind} ${grant?.name ?? ""}.`;
    return { ...nothing, allowed: true, reason, grant: grant ? { at: verdict.by, grant: copyOf(grant) } : null };
  }
  if (!verdict.missing) return { ...nothing, allowed: false, reason: `No grant can give ${action}: it is for operators and keys.` };
  const reason =
    who.kind === "visitor"
      ? `${kind} ${name} is not public, and whoever sends no token has no grants.`
      : `None of ${grants.length} grants allows ${verb} on ${kind} ${name}, and it is not public.`;
  return { ...nothing, allowed: false, reason, missing: copyOf(verdict.missing) };
}

function withoutName(action: Action, kind: Asked["kind"]): string {
  return checkGrants([], action, "").allowed || isGrantable(action)
    ? `${action} is about things: name one, or a prefix with *.`
    : `${action} is not for ${kind === "visitor" ? "visitors" : "end users"}.`;
}

function isGrantable(action: Action): boolean {
  const verdict = checkGrants([], action, "*");
  return !verdict.allowed && verdict.missing !== null;
}

function visitor(hostedAccounts: boolean): VisitorPrincipal {
  return { kind: "visitor", tenantId: "", slug: "", hostedAccounts };
}

/** Anybody with these grants: what comes with being a subject depends on nothing else of them. */
function subject(grants: readonly Grant[]): SubjectPrincipal {
  const nobody = {
    issuer: "",
    sub: "",
    ref: "",
    name: "",
    avatarUrl: null,
    tokenId: "",
    familyId: null,
    issuedAt: 0,
    credentialExpiresAt: 0,
  };
  return { kind: "subject", tenantId: "", ...nobody, grants };
}

function copyOf({ kind, name, actions }: Grant): { kind: string; name: string; actions: string[] } {
  return { kind, name, actions: [...actions] };
}
