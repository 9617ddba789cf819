import { Automaton } from "./automaton.ts";
import { parsePattern } from "./parse.ts";
import { compileTree } from "./program.ts";
import { sizeOf } from "./tree.ts";

export interface Re2 {
  /** Instructions of its program, with repeats written out. A text costs at most so many steps per character. */
  readonly size: number;
  /** Whether the whole text matches. Made at the first call. */
  test(text: string): boolean;
}

/**
 * A regular expression of RE2, over whole texts, in linear time: what Prometheus takes in matchers. It answers only whether a text
 * matches, which needs neither captures nor Unicode's tables, and so a tenth of the code of a whole RE2.
 * @param dotAll whether a dot takes line breaks, as in Prometheus 3
 * @throws Re2SyntaxError for what RE2 does not take
 */
export function compileRe2(source: string, dotAll: boolean): Re2 {
  const tree = parsePattern(source, dotAll);
  let automaton: Automaton | undefined;
  return { size: sizeOf(tree), test: (text) => (automaton ??= new Automaton(compileTree(tree))).test(text) };
}
