import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { randomPattern, randomText } from "../../../tests/lib/patterns.ts";
import { mulberry } from "../../../tests/lib/random.ts";
import { compileRe2 } from "./re2.ts";
import { Re2SyntaxError } from "./reader.ts";

function peer(source: string, dotAll: boolean): RE2JS | undefined {
  try {
    return RE2JS.compile(source, dotAll ? RE2JS.DOTALL : 0);
  } catch {
    return undefined; // it does not take the pattern
  }
}

function ours(source: string, dotAll: boolean): ReturnType<typeof compileRe2> | undefined {
  try {
    return compileRe2(source, dotAll);
  } catch (error) {
    // Any other error would be a mistake of ours.
    expect(error).toBeInstanceOf(Re2SyntaxError);
    return undefined;
  }
}

/** Why it is refused. */
function fault(source: string): string {
  try {
    compileRe2(source, true);
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  return "taken";
}

describe("RE2", () => {
  it("[MT285] takes, refuses and matches what a port of RE2 does, for random patterns and texts", () => {
    const random = mulberry(285);
    const count = { taken: 0, refused: 0, matches: 0 };
    for (let n = 0; n < 6_000; n++) {
      const source = randomPattern(random);
      const dotAll = random() < 0.5;
      const [a, b] = [peer(source, dotAll), ours(source, dotAll)];
      expect(b !== undefined, source).toBe(a !== undefined);
      if (!a || !b) count.refused++;
      else count.taken++;
      for (let tries = 0; a && b && tries < 20; tries++) {
        const text = randomText(random);
        const matches = a.testExact(text);
        if (b.test(text) !== matches) expect.fail(`${JSON.stringify(source)} over ${JSON.stringify(text)}: RE2 says ${matches}`);
        if (matches) count.matches++;
      }
    }
    expect(count.taken).toBeGreaterThan(3_000);
    expect(count.refused).toBeGreaterThan(500);
    expect(count.matches).toBeGreaterThan(5_000);
  });

  it("[MT285] knows the same characters in classes, with and without case", () => {
    const classes = ["\\p{L}", "\\p{Lu}", "\\p{Cn}", "\\p{Greek}", "\\p{Zs}", "\\w", "\\W", "[[:^punct:]]", "[^\\PLa-f]"];
    for (const source of classes.flatMap((one) => [one, `(?i)${one}`])) {
      const [a, b] = [RE2JS.compile(source), compileRe2(source, false)];
      const differ: number[] = [];
      // All of the first plane's scripts with case, then every seventh.
      for (let rune = 0; rune < 0x20000; rune += rune < 0x600 ? 1 : 7) {
        const text = String.fromCodePoint(rune);
        if (a.testExact(text) !== b.test(text)) differ.push(rune);
      }
      expect(differ, source).toEqual([]);
    }
  });

  it("[MT285] says in RE2's words why it refuses a pattern", () => {
    for (const [source, why] of [
      ["(", "missing closing )"],
      ["(".repeat(1_000), "expression nests too deeply"],
      ["a)", "unexpected )"],
      ["[a", "missing closing ]"],
      ["a**", "invalid nested repetition operator"],
      ["|*", "missing argument to repetition operator"],
      ["(a{100}){100}", "invalid repeat count"],
      ["(?=a)", "invalid or unsupported Perl syntax"],
      ["\\8", "invalid escape sequence"],
      ["a\\", "trailing backslash at end of expression"],
      ["\\p{Grek}", "invalid character class range"],
      ["(?<a>x)(?P<a>x)", "duplicate capture group name"],
    ] as const)
      expect(fault(source)).toContain(why);
  });

  it("[MT285] follows a pattern that has too many states to remember", () => {
    // After any prefix it has to know which of the last 300 characters was an a.
    const pattern = compileRe2("(?:a|b)*a(?:a|b){300}", true);
    const random = mulberry(7);
    const texts = Array.from({ length: 20 }, () => Array.from({ length: 1_000 }, () => (random() < 0.5 ? "a" : "b")).join(""));
    for (const text of texts) expect(pattern.test(text)).toBe(text.at(-301) === "a");
    expect(texts.filter((text) => pattern.test(text)).length).toBeGreaterThan(3);
  });

  it("[MT285] makes no million of empty copies", () => {
    for (const source of ["(?:(?:){1000}){1}", "(?:(?:a{0}){1000}){0,1}", "(?:^|$){1000}"])
      expect(compileRe2(source, true).test("")).toBe(true);
    expect(compileRe2("(?:a|b|c|d){250}", true).size).toBe(250);
    expect(compileRe2(`${"(".repeat(400)}a${")*".repeat(400)}`, true).test("aaa")).toBe(true);
  });
});
