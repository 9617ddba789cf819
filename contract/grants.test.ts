import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkGrants, covers, type Grant, GRANT_KINDS, grantKindOf, grantsBeyond, halvesOf, isListed } from "./grants.ts";
import { type Action, ACTION_NAMES, ACTIONS, SCOPES, scopesMay } from "./permissions.ts";
import { grantSchema, grantsSchema, thingNameSchema } from "./subjects.ts";
import { SUBJECT_LIMITS } from "./subject-id.ts";

const read = (name: string): Grant => ({ kind: "metrics", name, actions: ["read"] });

/** Few letters, so that names and prefixes meet. */
const letters = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 2 });
const names = fc.tuple(letters, fc.constantFrom("", "*")).map(([stem, star]) => stem + star);
/** What is grantable, what is an action but not grantable, and what is none. */
const kinds = fc.constantFrom("metrics", "metrics", "metrics", "keys", "tenant", "constructor");
const verbs = fc.constantFrom("read", "read", "read", "write", "manage", "toString");
const grants = fc.array(fc.record({ kind: kinds, name: names, actions: fc.array(verbs, { maxLength: 2 }) }), { maxLength: 4 });

describe("a grant", () => {
  it.each<[grant: Grant, action: Action, name: string, allowed: boolean]>([
    [read("shop_orders"), "metrics:read", "shop_orders", true],
    [read("shop_orders"), "metrics:read", "shop_orders2", false],
    [read("shop_orders"), "metrics:read", "shop_order", false],
    [read("shop_orders"), "metrics:read", "shop_orders*", false],
    [read("shop_*"), "metrics:read", "shop_orders", true],
    [read("shop_*"), "metrics:read", "shop_", true],
    [read("shop_*"), "metrics:read", "shop", false],
    [read("shop_*"), "metrics:read", "shop_*", true],
    [read("shop_*"), "metrics:read", "shop_or*", true],
    [read("shop_*"), "metrics:read", "sho*", false],
    [read("shop_*"), "metrics:read", "*", false],
    [read("shop_*"), "metrics:read", "SHOP_orders", false],
    [read("*"), "metrics:read", "anything", true],
    [read("*"), "metrics:read", "*", true],
    [read("*"), "metrics:write", "anything", false],
    [{ ...read("*"), actions: ["read", "write"] }, "metrics:write", "anything", false],
    [{ ...read("*"), actions: [] }, "metrics:read", "anything", false],
    [{ ...read("*"), kind: "agents" }, "metrics:read", "anything", false],
    [{ ...read("*"), kind: "tenant", actions: ["manage"] }, "tenant:manage", "anything", false],
    [{ ...read("*"), kind: "keys", actions: ["manage"] }, "keys:manage", "x", false],
  ])("[SU1] %j on %s of %s: %s", (grant, action, name, allowed) => {
    expect(checkGrants([grant], action, name).allowed).toBe(allowed);
  });

  it("[SU1] that allows is named by its place; what is missing is the smallest one", () => {
    const held = [read("a"), read("b*"), read("*")];
    expect(checkGrants(held, "metrics:read", "bc")).toEqual({ allowed: true, by: 1 });
    expect(checkGrants(held.slice(0, 2), "metrics:read", "c")).toEqual({ allowed: false, missing: read("c") });
    expect(checkGrants(held, "tenant:manage", "c")).toEqual({ allowed: false, missing: null });
    expect(checkGrants([], "metrics:read", "x*")).toEqual({ allowed: false, missing: read("x*") });
  });

  it("[SU1] covers a name or prefix exactly when it covers every name in it", () => {
    const universe = ["", "a", "b", "_"].flatMap((x) => ["", "a", "b", "_"].flatMap((y) => ["", "a", "b", "_"].map((z) => x + y + z)));
    // What a pattern stands for, name by name. Prefixes are open-ended: names longer than any prefix here stand for the rest.
    const all = [...new Set([...universe, ...universe.map((name) => `${name}bbbbb`), ...universe.map((name) => `${name}aaaaa`)])];
    const meant = (pattern: string) =>
      all.filter((name) => (pattern.at(-1) === "*" ? name.slice(0, pattern.length - 1) === pattern.slice(0, -1) : name === pattern));
    const patterns = fc.tuple(fc.constantFrom(...universe), fc.constantFrom("", "*")).map(([stem, star]) => stem + star);
    let covered = 0;
    fc.assert(
      fc.property(patterns, patterns, (pattern, name) => {
        const expected = new Set(meant(pattern));
        expect(covers(pattern, name)).toBe(meant(name).every((each) => expected.has(each)));
        covered += Number(covers(pattern, name));
      }),
      { seed: 1, numRuns: 2_000 },
    );
    expect(covered).toBeGreaterThan(100);
  });

  it("[SU1] is checked alike by the plain words of the rule", () => {
    let allowed = 0;
    fc.assert(
      fc.property(grants, fc.constantFrom<Action>("metrics:read", "metrics:read", ...ACTION_NAMES), names, (held, action, name) => {
        const [, verb] = halvesOf(action);
        const kind = grantKindOf(action);
        const grantable = kind !== undefined;
        const places = held.flatMap((grant, at) =>
          grantable && grant.kind === kind && grant.actions.some((each) => each === verb) && covers(grant.name, name) ? [at] : [],
        );
        const verdict = checkGrants(held, action, name);
        expect(verdict.allowed ? verdict.by : undefined).toBe(places[0]);
        allowed += places.length;
      }),
      { seed: 2, numRuns: 10_000 },
    );
    expect(allowed).toBeGreaterThan(50);
  });
});

describe("grants of a minting key", () => {
  it("[SU2] never yield an action that the key may not do itself, nor one that no grant can give", () => {
    let given = 0;
    let refused = 0;
    fc.assert(
      fc.property(fc.subarray([...SCOPES]), grants, names, (scopes, wanted, name) => {
        const beyond = grantsBeyond(scopes, wanted);
        refused += beyond.length;
        if (beyond.length > 0) return;
        for (const action of ACTION_NAMES) {
          if (!checkGrants(wanted, action, name).allowed) continue;
          given += 1;
          expect(scopesMay(scopes, action), action).toBe(true);
          expect("grant" in ACTIONS[action], action).toBe(true);
        }
      }),
      { seed: 3, numRuns: 20_000 },
    );
    expect(given).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(1_000);
  });

  it("[SU2] that go too far are named, each action with its place", () => {
    const wanted = [read("a"), { kind: "tenant", name: "*", actions: ["manage", "read"] }, { ...read("*"), actions: ["read", "write"] }];
    expect(grantsBeyond(["metrics:read", "metrics:write"], wanted)).toEqual([
      { at: 1, action: "tenant:manage" },
      { at: 1, action: "tenant:read" },
      { at: 2, action: "metrics:write" },
    ]);
    expect(grantsBeyond([], [read("a")])).toEqual([{ at: 0, action: "metrics:read" }]);
    expect(grantsBeyond(["metrics:read"], [read("a")])).toEqual([]);
  });

  it("[SU2] are of kinds and actions that the table of permissions marks, and of no other", () => {
    const marked = ACTION_NAMES.filter((action) => "grant" in ACTIONS[action]);
    expect(
      Object.entries(GRANT_KINDS)
        .flatMap(([kind, list]) => list.map((verb) => `${kind}:${verb}`))
        .sort(),
    ).toEqual(marked.map((action) => `${grantKindOf(action)}:${halvesOf(action)[1]}`).sort());
    // A subject must never reach what only operators do: these are not grantable, whatever else becomes so.
    for (const action of ["tenant:manage", "keys:manage", "members:manage", "tokens:mint", "tokens:revoke", "platform:manage"] as const)
      expect("grant" in ACTIONS[action], action).toBe(false);
  });
});

describe("grants on the wire", () => {
  const parses = (grant: unknown) => grantSchema.safeParse(grant).success;

  it("[SU2] name a kind and actions that exist", () => {
    expect(parses(read("a"))).toBe(true);
    for (const kind of ["constructor", "__proto__", "tenant", ""]) expect(parses({ ...read("a"), kind }), kind).toBe(false);
    expect(parses({ ...read("a"), actions: ["write"] })).toBe(false);
    expect(parses({ ...read("a"), actions: [] })).toBe(false);
    expect(parses({ ...read("a"), more: 1 })).toBe(false);
    for (const name of ["a", "a*", "*", "a b"]) expect(thingNameSchema.safeParse(name).success, name).toBe(true);
    for (const name of ["", "**", "a*b", "*a", "a\u0000"]) expect(thingNameSchema.safeParse(name).success, name).toBe(false);
  });

  it("[SU2] are so many and no more, of names so long and no longer", () => {
    const many = Array.from({ length: SUBJECT_LIMITS.grants }, (_, n) => read(`m${n}`));
    expect(grantsSchema.safeParse(many).success).toBe(true);
    expect(grantsSchema.safeParse([...many, read("more")]).success).toBe(false);
    expect(parses(read("x".repeat(SUBJECT_LIMITS.thingChars)))).toBe(true);
    expect(parses(read("x".repeat(SUBJECT_LIMITS.thingChars + 1)))).toBe(false);
    const twenty = Array.from({ length: SUBJECT_LIMITS.grantActions }, () => "read");
    expect(parses({ ...read("a"), actions: twenty })).toBe(true);
    expect(parses({ ...read("a"), actions: [...twenty, "read"] })).toBe(false);
  });

  it("[SU1] and public marks cover names alike", () => {
    const listed = [
      { kind: "metrics", name: "shop_*" },
      { kind: "metrics", name: "cpu" },
    ];
    expect(isListed(listed, "metrics", "shop_orders")).toBe(true);
    expect(isListed(listed, "metrics", "cpu")).toBe(true);
    expect(isListed(listed, "metrics", "cpu2")).toBe(false);
    expect(isListed(listed, "metrics", "*")).toBe(false);
    expect(isListed(listed, "agents", "cpu")).toBe(false);
  });
});
