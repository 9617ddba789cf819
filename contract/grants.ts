import { ACTIONS, ACTION_NAMES, type Action, scopesMay } from "./permissions.ts";

// What a subject may do. Free of any library: the edge, the objects and browsers share it.

/**
 * Leave to do something with things of one kind: `{ kind: "metrics", name: "shop_*", actions: ["read"] }` is the action
 * `metrics:read` on every metric whose name begins with `shop_`.
 */
export interface Grant {
  /** What the table of actions calls it: `metrics`, `board`. */
  readonly kind: string;
  /** One thing's name, or the beginning of names followed by `*`. */
  readonly name: string;
  /** Second halves of actions. */
  readonly actions: readonly string[];
}

/** A thing of the tenant, or with a trailing `*` all things whose names begin so. */
export interface Thing {
  readonly kind: string;
  readonly name: string;
}

/** What grants may give, by kind: every action of the table that is about named things. */
export const GRANT_KINDS: Readonly<Record<string, readonly string[]>> = grantKinds();

/** Both halves of an action: `metrics:read` is `["metrics", "read"]`. */
export function halvesOf(action: Action): readonly [kind: string, verb: string] {
  const colon = action.indexOf(":");
  return [action.slice(0, colon), action.slice(colon + 1)];
}

/** Whether a name or prefix covers another name or prefix: `a*` covers `ab`, `ab*` and itself, never `*`. */
export function covers(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

/** Whether all of the named things are among the listed ones. */
export function isListed(listed: readonly Thing[], kind: string, name: string): boolean {
  return listed.some((thing) => thing.kind === kind && covers(thing.name, name));
}

/** Which grant allows an action on a thing, or the smallest one that would. */
export type GrantVerdict = { readonly allowed: true; readonly by: number } | { readonly allowed: false; readonly missing: Grant | null };

/**
 * The check: whether these grants allow the action on the named thing (`prefix*`: on all of them).
 * @returns the place of the first grant that does; else the grant that is missing, null for an action that no grant can give
 */
export function checkGrants(grants: readonly Grant[], action: Action, name: string): GrantVerdict {
  const kind = grantKindOf(action);
  const [, verb] = halvesOf(action);
  if (kind === undefined) return { allowed: false, missing: null };
  const by = grants.findIndex((grant) => grant.kind === kind && grant.actions.includes(verb) && covers(grant.name, name));
  return by === -1 ? { allowed: false, missing: { kind, name, actions: [verb] } } : { allowed: true, by };
}

/** Actions of these grants that a key with such scopes may not do itself, with the place of the grant: they are not its to give. */
export function grantsBeyond(scopes: readonly string[], grants: readonly Grant[]): { readonly at: number; readonly action: string }[] {
  return grants.flatMap(({ kind, actions }, at) =>
    actions.flatMap((verb) => {
      const action = ACTION_NAMES.find((name) => grantKindOf(name) === kind && halvesOf(name)[1] === verb);
      return action !== undefined && scopesMay(scopes, action) ? [] : [{ at, action: action ?? `${kind}:${verb}` }];
    }),
  );
}

/** The kind of grants that may give this action; undefined when none can. */
export function grantKindOf(action: Action): string | undefined {
  const rule = ACTIONS[action];
  return "grant" in rule ? rule.grant : undefined;
}

function grantKinds(): Record<string, string[]> {
  const kinds: Record<string, string[]> = {};
  for (const action of ACTION_NAMES) {
    const kind = grantKindOf(action);
    if (kind !== undefined) (kinds[kind] ??= []).push(halvesOf(action)[1]);
  }
  return kinds;
}
