/** What one character of a text may be. */
export interface RuneSet {
  /** @param rune a code point; a lone surrogate stands for itself */
  has(rune: number): boolean;
  /** All of it, sorted and apart from each other, where it is known without asking the engine. */
  readonly ranges: Ranges | undefined;
}

/** Inclusive bounds, two by two. */
export type Ranges = readonly number[];

export const MAX_RUNE = 0x10ffff;

export function rangeSet(unsorted: Ranges): RuneSet {
  const ranges = merged(unsorted);
  const has = (rune: number): boolean => {
    let low = 0;
    let high = ranges.length / 2;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rune > (ranges[2 * middle + 1] ?? 0)) low = middle + 1;
      else high = middle;
    }
    return rune >= (ranges[2 * low] ?? Number.POSITIVE_INFINITY);
  };
  return { has, ranges };
}

export const ANY = rangeSet([0, MAX_RUNE]);
export const ANY_IN_LINE = rangeSet(complement([0x0a, 0x0a]));

/** Classes of the engine that a pattern has asked for, by their source: making one of Unicode's takes up to a millisecond. */
export type NativeSets = Map<string, RuneSet>;

/** A class as it is being read. */
export class ClassParts {
  readonly #sets: NativeSets;
  readonly #fold: boolean;
  readonly #ranges: number[] = [];
  /** In the engine's syntax, for what needs Unicode's tables: it has them, and we carry none. */
  readonly #natives: string[] = [];

  /** @param fold with whatever differs by case alone: Unicode's simple folding */
  constructor(sets: NativeSets, fold: boolean) {
    this.#sets = sets;
    this.#fold = fold;
  }

  add(ranges: Ranges, negated = false): void {
    if (!negated) this.#ranges.push(...ranges);
    else if (this.#fold) this.#natives.push(`[^${sourceOf(ranges)}]`);
    else this.#ranges.push(...complement(merged(ranges)));
  }

  /** @param source such as `\p{Lu}` @throws SyntaxError when the engine knows no such class */
  addNative(source: string): void {
    known(this.#sets, source, false);
    if (!this.#natives.includes(source)) this.#natives.push(source);
  }

  /** One class is asked once of a character, whatever it is made of. */
  build(negated = false): RuneSet {
    if (this.#natives.length > 0 || this.#fold)
      return known(this.#sets, `[${negated ? "^" : ""}${sourceOf(this.#ranges)}${this.#natives.join("")}]`, this.#fold);
    return rangeSet(negated ? complement(merged(this.#ranges)) : this.#ranges);
  }
}

function known(sets: NativeSets, source: string, fold: boolean): RuneSet {
  const name = `${fold ? "i" : ""}${source}`;
  const held = sets.get(name);
  if (held) return held;
  const made = nativeSet(source, fold);
  sets.set(name, made);
  return made;
}

/**
 * A class of the engine's own, asked of one character and so never slow. In its `v` mode a class within a class is folded before it is
 * negated, as in RE2; in the `u` mode `[^\P{Lu}]` without case would be everything.
 */
function nativeSet(source: string, fold: boolean): RuneSet {
  const native = new RegExp(`^${source}$`, fold ? "iv" : "v");
  // ASCII is asked once, and another character once where copies of a repeat ask in turn.
  const ascii = new Uint8Array(128);
  let lastRune = -1;
  let lastAnswer = false;
  const has = (rune: number): boolean => {
    if (rune < 128) {
      ascii[rune] ||= native.test(String.fromCodePoint(rune)) ? 2 : 1;
      return ascii[rune] === 2;
    }
    if (rune !== lastRune) {
      lastAnswer = native.test(String.fromCodePoint(rune));
      lastRune = rune;
    }
    return lastAnswer;
  };
  return { has, ranges: undefined };
}

function merged(ranges: Ranges): number[] {
  const pairs = Array.from({ length: ranges.length / 2 }, (_, n) => [ranges[2 * n] ?? 0, ranges[2 * n + 1] ?? 0] as const);
  const result: number[] = [];
  for (const [low, high] of pairs.sort(([a], [b]) => a - b)) {
    const end = result.at(-1);
    if (end === undefined || low > end + 1) result.push(low, high);
    else if (high > end) result[result.length - 1] = high;
  }
  return result;
}

/** @param ranges sorted and apart */
function complement(ranges: Ranges): number[] {
  const result: number[] = [];
  let from = 0;
  for (let at = 0; at < ranges.length; at += 2) {
    const low = ranges[at] ?? 0;
    if (low > from) result.push(from, low - 1);
    from = (ranges[at + 1] ?? 0) + 1;
  }
  if (from <= MAX_RUNE) result.push(from, MAX_RUNE);
  return result;
}

function sourceOf(ranges: Ranges): string {
  let source = "";
  for (let at = 0; at < ranges.length; at += 2) source += `${escaped(ranges[at])}-${escaped(ranges[at + 1])}`;
  return source;
}

function escaped(rune = 0): string {
  return `\\u{${rune.toString(16)}}`;
}
