import { describe, expect, it } from "vitest";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { claimAt, mappedAvatarUrl, mappedGrants, mappedName } from "./token-mapping.ts";

const claims = {
  name: "Ada",
  "https://shop.test/roles": ["staff", 7, null],
  "/odd": "by name",
  profile: { "a/b": "slash", "m~n": "tilde", nested: [{ plan: "pro" }], "": "empty" },
  admin: true,
  level: 7,
};

describe("what a mapping reads", () => {
  it.each([
    ["name", "Ada"],
    ["https://shop.test/roles", claims["https://shop.test/roles"]],
    ["/odd", "by name"],
    ["/profile/a~1b", "slash"],
    ["/profile/m~0n", "tilde"],
    ["/profile/nested/0/plan", "pro"],
    ["/profile/", "empty"],
    ["/name", "Ada"],
    ["/profile/nested/1", undefined],
    ["/profile/nested/length", 1],
    ["/name/0", undefined],
    ["profile/a~1b", undefined],
    ["none", undefined],
    ["/none/deeper", undefined],
    ["constructor", undefined],
    ["/profile/constructor/name", undefined],
    ["__proto__", undefined],
  ])("[SU115] is a claim by its name, else by a pointer that begins with a slash: %s", (path, value) => {
    expect(claimAt(claims, path)).toEqual(value);
  });

  it("[SU115] is a name on one line, cut where names end, and the sub where there is none", () => {
    expect(mappedName({ n: "  Ada\n\u0000Lovelace\ud800 " }, "n", "sub")).toBe("Ada Lovelace");
    for (const n of [undefined, 7, "", " \n "]) expect(mappedName({ n }, "n", "sub")).toBe("sub");
    expect(mappedName({ n: "Ada" }, null, "sub")).toBe("sub");
    const { nameChars } = SUBJECT_LIMITS;
    expect(mappedName({ n: "x".repeat(nameChars + 1) }, "n", "sub")).toBe("x".repeat(nameChars));
    expect(mappedName({ n: `${"x".repeat(nameChars - 1)}🎲` }, "n", "sub")).toBe("x".repeat(nameChars - 1));
    expect(mappedName({}, "n", "s".repeat(200))).toHaveLength(nameChars);
  });

  it("[SU115] is a picture's https address, or none", () => {
    const at = (picture: unknown) => mappedAvatarUrl({ picture }, "picture");
    expect(at("https://a.test/p.png")).toBe("https://a.test/p.png");
    for (const bad of ["http://a.test/p.png", "javascript:alert(1)", "p.png", 7, undefined, `https://a.test/${"p".repeat(500)}`])
      expect(at(bad)).toBeNull();
    expect(mappedAvatarUrl({ picture: "https://a.test/" }, null)).toBeNull();
  });

  it("[SU115] is what everybody gets, and more for those whose claim is or holds the value, of the same type", () => {
    const grant = (name: string) => ({ kind: "metrics", name, actions: ["read"] });
    const given = (claim: string, value: string | number | boolean) =>
      mappedGrants(claims, { grants: [grant("all")], rules: [{ claim, value, grants: [grant("more")] }] }).map(({ name }) => name);
    for (const [claim, value] of [
      ["https://shop.test/roles", "staff"],
      ["https://shop.test/roles", 7],
      ["admin", true],
      ["level", 7],
      ["/profile/nested/0/plan", "pro"],
    ] as const)
      // prettier-ignore
      expect(given(claim, value)).toEqual(["all", "more"]);
    for (const [claim, value] of [
      ["https://shop.test/roles", "7"],
      ["admin", "true"],
      ["level", "7"],
      ["name", "ada"],
      ["name", "Ad"],
      ["none", "x"],
    ] as const)
      // prettier-ignore
      expect(given(claim, value)).toEqual(["all"]);
  });
});
