import { rangeSet, type Ranges, type RuneSet } from "./rune-set.ts";

/** Where a text may be without a character being taken. */
export type Place = "text-start" | "text-end" | "line-start" | "line-end" | "word-edge" | "no-word-edge";

/** A pattern as it was read. Captures and greed are left out: whether a whole text matches does not depend on them. */
export type Tree =
  | { readonly type: "empty" }
  | { readonly type: "rune"; readonly set: RuneSet }
  | { readonly type: "place"; readonly place: Place }
  | { readonly type: "sequence"; readonly parts: readonly Tree[] }
  | { readonly type: "choice"; readonly parts: readonly Tree[] }
  /** `max` is infinite for an open end. */
  | { readonly type: "repeat"; readonly part: Tree; readonly min: number; readonly max: number };

export const EMPTY: Tree = { type: "empty" };

export function sequence(parts: readonly Tree[]): Tree {
  const [first] = parts;
  return parts.length === 0 || !first ? EMPTY : parts.length === 1 ? first : { type: "sequence", parts };
}

/** Neighbours of one plain character each become one set, as in RE2: `(?:a|b|c){100}` is 100 instructions, not 500. */
export function choice(parts: readonly Tree[]): Tree {
  const kept: Tree[] = [];
  for (const part of parts) {
    const last = kept.at(-1);
    const [ours, theirs] = [rangesOf(last), rangesOf(part)];
    if (ours && theirs) kept[kept.length - 1] = { type: "rune", set: rangeSet([...ours, ...theirs]) };
    else kept.push(part);
  }
  const [first] = kept;
  return kept.length === 1 && first ? first : { type: "choice", parts: kept };
}

function rangesOf(tree: Tree | undefined): Ranges | undefined {
  return tree?.type === "rune" ? tree.set.ranges : undefined;
}

/** A repeat of what takes nothing takes nothing; without this a few characters could ask for a million empty copies. */
export function repeat(part: Tree, min: number, max: number): Tree {
  return part.type === "empty" || max === 0 ? EMPTY : { type: "repeat", part, min, max };
}

/** Instructions that a tree comes to, with repeats written out; known before any is made. */
export function sizeOf(tree: Tree): number {
  switch (tree.type) {
    case "empty":
      return 0;
    case "rune":
    case "place":
      return 1;
    case "sequence":
      return sum(tree.parts);
    case "choice":
      return sum(tree.parts) + tree.parts.length - 1;
    case "repeat": {
      const { min, max } = tree;
      const one = sizeOf(tree.part);
      return Number.isFinite(max) ? max * one + max - min : Math.max(min, 1) * one + 1;
    }
  }
}

function sum(parts: readonly Tree[]): number {
  return parts.reduce((total, part) => total + sizeOf(part), 0);
}
