import type { RuneSet } from "./rune-set.ts";
import type { Place, Tree } from "./tree.ts";

/** One step of a nondeterministic automaton. Every `to` is an index of the program. */
export type Instruction =
  | { readonly type: "match" }
  | { readonly type: "rune"; readonly set: RuneSet; readonly to: number }
  | { readonly type: "place"; readonly place: Place; readonly to: number }
  | { readonly type: "split"; readonly to: readonly [number, number] };

export interface Program {
  readonly instructions: readonly Instruction[];
  readonly start: number;
}

/**
 * Thompson's construction (Ken Thompson, "Regular Expression Search Algorithm", 1968), from the end to the start: every part is told what
 * follows it. Recursion is as deep as the pattern's parentheses.
 */
export function compileTree(tree: Tree): Program {
  const instructions: Instruction[] = [{ type: "match" }];
  const add = (instruction: Instruction): number => instructions.push(instruction) - 1;
  const emit = (part: Tree, to: number): number => {
    switch (part.type) {
      case "empty":
        return to;
      case "rune":
        return add({ type: "rune", set: part.set, to });
      case "place":
        return add({ type: "place", place: part.place, to });
      case "sequence":
        return part.parts.reduceRight((after, inner) => emit(inner, after), to);
      case "choice":
        return part.parts.map((inner) => emit(inner, to)).reduceRight((other, one) => add({ type: "split", to: [one, other] }));
      case "repeat":
        return emitRepeat(part.part, part.min, part.max, to);
    }
  };
  const emitRepeat = (part: Tree, min: number, max: number, to: number): number => {
    let after = to;
    let copies = min;
    if (Number.isFinite(max)) {
      // x{0,2} is (x(x)?)?: whoever leaves out one leaves out the rest.
      for (let n = min; n < max; n++) after = add({ type: "split", to: [emit(part, after), to] });
    } else {
      const loop = add({ type: "split", to: [to, to] });
      const body = emit(part, loop);
      instructions[loop] = { type: "split", to: [body, to] };
      after = min === 0 ? loop : body;
      copies = Math.max(min - 1, 0);
    }
    for (let n = 0; n < copies; n++) after = emit(part, after);
    return after;
  };
  const start = emit(tree, 0);
  return { instructions, start };
}
