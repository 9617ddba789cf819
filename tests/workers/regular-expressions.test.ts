import { expect, it } from "vitest";
import { compileRe2 } from "../../core/text/re2/re2.ts";

it("[MT285] has the classes and cases of Unicode where objects run", () => {
  const cases: readonly [source: string, yes: string, no: string][] = [
    ["\\p{Greek}+", "Ωσ", "Os"],
    ["(?i)STRAẞE", "straße", "strasse"],
    ["[^\\PL]", "é", "1"],
    ["(?i)[^\\P{Lu}]", "a", "ß1"],
    ["(?i)[\\W\\d]+", "-1", "ſ"],
    ["\\p{Han}\\pN", "東1", "a1"],
    ["(?i)\\P{Lu}", "1", "a"],
    ["\\p{Thai}|\\p{Cn}", "ก", "a"],
  ];
  for (const [source, yes, no] of cases) {
    const pattern = compileRe2(source, true);
    expect([source, pattern.test(yes), pattern.test(no)]).toEqual([source, true, false]);
  }
});
