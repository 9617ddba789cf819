import { describe, expect, it } from "vitest";
import { ruleFaults, rulesOf, testTitles } from "./rules.ts";

const spec = { path: "docs/spec/x.md", text: "- [XX1] one thing\n- [XX2] another\n" };
// Written apart so that this file's own titles stay the only ones found in it.
const call = ["i", "t"].join("");

describe("rules against tests", () => {
  it("[SC2] finds a rule that no test names", () => {
    expect(ruleFaults([spec], [{ path: "a.test.ts", text: `${call}("[XX1] does one thing", () => {});` }])).toEqual([
      "docs/spec/x.md: rule [XX2] has no test that names it",
    ]);
  });

  it("[SC2] finds a test without a rule and one that names an unknown rule", () => {
    const text = `${call}("[XX1] [XX2] fine", f); ${call}("nothing named", f); ${call}.each([1])("[XX9] unknown", f);`;
    expect(ruleFaults([spec], [{ path: "a.test.ts", text }])).toEqual([
      'a.test.ts: "nothing named" names no rule, such as [KT3]',
      'a.test.ts: "[XX9] unknown" names [XX9], which no file in docs/spec states',
    ]);
  });

  it("[SC2] finds a rule that is stated twice", () => {
    expect(
      ruleFaults([spec, { path: "docs/spec/y.md", text: "[XX1] again" }], [{ path: "a.test.ts", text: `${call}('[XX1] [XX2] x', f)` }]),
    ).toHaveLength(1);
  });

  it("[SC2] reads rules at line starts only and titles in any quotes", () => {
    expect(rulesOf("see [XX1]\n[XX3] yes\n  - [XX4] yes")).toEqual(["XX3", "XX4"]);
    expect(testTitles(`${call}(\`a\`, f); ${call}('b', f); ${call}("c \\" d", f)`)).toEqual(["a", "b", 'c \\" d']);
    // A method of that name is no test: an issuer's token is tested with one.
    expect(testTitles("meridian.issuers." + "test" + '("school", token)')).toEqual([]);
  });
});
