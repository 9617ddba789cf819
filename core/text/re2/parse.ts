import { readClass, readEscape, readNamedEscape } from "./classes.ts";
import { Re2SyntaxError, Reader } from "./reader.ts";
import { ANY, ANY_IN_LINE, ClassParts, type NativeSets, type RuneSet } from "./rune-set.ts";
import { choice, type Place, repeat, sequence, type Tree } from "./tree.ts";

/** A repeat's bounds, and the product of those inside each other. */
const MAX_REPEAT = 1_000;
/** Groups in each other: as deep as reading and compiling call themselves. */
const MAX_DEPTH = 500;

interface Flags {
  /** `(?i)` */
  readonly fold: boolean;
  /** `(?m)`: `^` and `$` are the edges of lines. */
  readonly lines: boolean;
  /** `(?s)`: a dot takes line breaks too. */
  readonly dotAll: boolean;
}

/** An atom, and the largest product of bounded repeats in it. */
interface Part {
  readonly tree: Tree;
  readonly repeats: number;
}

/** @param dotAll whether a dot takes line breaks where the pattern says nothing of it @throws Re2SyntaxError */
export function parsePattern(source: string, dotAll: boolean): Tree {
  return new Parser(source, dotAll).parse();
}

/**
 * Reads what Go's regexp/syntax takes with its Perl flags (https://github.com/google/re2/wiki/Syntax), as Prometheus does, and refuses
 * what it refuses. Names, captures and greed are read and forgotten.
 */
class Parser {
  readonly #reader: Reader;
  readonly #names = new Set<string>();
  readonly #sets: NativeSets = new Map();
  #depth = 0;
  #flags: Flags;

  constructor(source: string, dotAll: boolean) {
    this.#reader = new Reader(source);
    this.#flags = { fold: false, lines: false, dotAll };
  }

  parse(): Tree {
    const { tree } = this.#choice();
    if (this.#reader.more) throw new Re2SyntaxError("unexpected )", this.#reader.rest);
    return tree;
  }

  /** Up to the parenthesis that closes it, or to the end. */
  #choice(): Part {
    const branches: Part[] = [];
    do branches.push(this.#sequence());
    while (this.#reader.take("|"));
    return { tree: choice(branches.map(({ tree }) => tree)), repeats: most(branches) };
  }

  #sequence(): Part {
    const reader = this.#reader;
    const parts: Part[] = [];
    let repeated = false;
    while (reader.more && !reader.sees("|") && !reader.sees(")")) {
      const start = reader.at;
      const bounds = this.#bounds();
      if (bounds === undefined) {
        parts.push(...this.#atoms());
        repeated = false;
        continue;
      }
      if (repeated) throw new Re2SyntaxError("invalid nested repetition operator", reader.since(start));
      const last = parts.pop();
      if (last === undefined) throw new Re2SyntaxError("missing argument to repetition operator", reader.since(start));
      parts.push(repeatedPart(last, bounds, reader.since(start)));
      repeated = true;
    }
    return { tree: sequence(parts.map(({ tree }) => tree)), repeats: most(parts) };
  }

  /** `*`, `+`, `?` or `{2,5}`, with the question mark that makes it lazy; undefined where something else comes. */
  #bounds(): { min: number; max: number; counted: boolean } | undefined {
    const found = this.#reader.match(/([*+?]|\{(0|[1-9]\d*)(,(0|[1-9]\d*)?)?\})\??/y);
    if (found === undefined) return undefined;
    const [, operator, from, comma, to] = found;
    if (from === undefined) return { min: operator === "+" ? 1 : 0, max: operator === "?" ? 1 : Number.POSITIVE_INFINITY, counted: false };
    const min = Number(from);
    const max = to !== undefined ? Number(to) : comma === undefined ? min : Number.POSITIVE_INFINITY;
    if (min > MAX_REPEAT || min > max || Number(to ?? 0) > MAX_REPEAT) throw new Re2SyntaxError("invalid repeat count", operator);
    return { min, max, counted: true };
  }

  /** What comes next: none for flags, several for quoted text. */
  #atoms(): Part[] {
    const reader = this.#reader;
    const { fold, lines, dotAll } = this.#flags;
    if (reader.sees("(")) return this.#group();
    if (reader.sees("[")) return [rune(readClass(reader, this.#sets, fold))];
    if (reader.take(".")) return [rune(dotAll ? ANY : ANY_IN_LINE)];
    if (reader.take("^")) return [place(lines ? "line-start" : "text-start")];
    if (reader.take("$")) return [place(lines ? "line-end" : "text-end")];
    if (!reader.sees("\\")) return [this.#literal(reader.next())];
    if (reader.take("\\A")) return [place("text-start")];
    if (reader.take("\\z")) return [place("text-end")];
    if (reader.take("\\b")) return [place("word-edge")];
    if (reader.take("\\B")) return [place("no-word-edge")];
    const quoted = reader.match(/\\Q(.*?)(?:\\E|$)/sy)?.[1];
    if (quoted !== undefined) return Array.from(quoted, (char) => this.#literal(char.codePointAt(0) ?? 0));
    const parts = new ClassParts(this.#sets, fold);
    return [readNamedEscape(reader, parts) ? rune(parts.build()) : this.#literal(readEscape(reader))];
  }

  #literal(code: number): Part {
    // Digits and most punctuation have no case.
    const parts = new ClassParts(this.#sets, this.#flags.fold && code >= 0x41);
    parts.add([code, code]);
    return rune(parts.build());
  }

  #group(): Part[] {
    const reader = this.#reader;
    const start = reader.at;
    const outer = this.#flags;
    if (reader.sees("(?P<") || reader.sees("(?<")) this.#name();
    else if (reader.take("(?")) {
      const { flags, opens } = this.#readFlags(start);
      this.#flags = flags;
      if (!opens) return [];
    } else reader.take("(");
    if (++this.#depth > MAX_DEPTH) throw new Re2SyntaxError("expression nests too deeply");
    const inside = this.#choice();
    this.#depth--;
    if (!reader.take(")")) throw new Re2SyntaxError("missing closing )", reader.since(start));
    this.#flags = outer;
    return [inside];
  }

  #name(): void {
    const name = this.#reader.match(/\(\?P?<(\w+)>/y)?.[1];
    if (name === undefined) throw new Re2SyntaxError("invalid named capture", this.#reader.rest);
    if (this.#names.has(name)) throw new Re2SyntaxError("duplicate capture group name", name);
    this.#names.add(name);
  }

  /** `i-s:` or `i)`, after the question mark. */
  #readFlags(start: number): { flags: Flags; opens: boolean } {
    const found = this.#reader.match(/([imsU]*)(?:-([imsU]+))?([:)])/y);
    if (found === undefined) throw new Re2SyntaxError("invalid or unsupported Perl syntax", this.#reader.since(start));
    const [, on = "", off = "", end] = found;
    const { fold, lines, dotAll } = this.#flags;
    const flag = (letter: string, before: boolean) => (before || on.includes(letter)) && !off.includes(letter);
    return { flags: { fold: flag("i", fold), lines: flag("m", lines), dotAll: flag("s", dotAll) }, opens: end === ":" };
  }
}

/** Where each repeat in itself is small, those inside each other may be too many: `((a{100}){100}){100}`. */
function repeatedPart(part: Part, bounds: { min: number; max: number; counted: boolean }, where: string): Part {
  const { min, max, counted } = bounds;
  const tree = repeat(part.tree, min, max);
  if (!counted) return { tree, repeats: part.repeats };
  if (max === 0) return { tree, repeats: 1 };
  const repeats = part.repeats * Math.max(Number.isFinite(max) ? max : min, 1);
  if (repeats > MAX_REPEAT && (min >= 2 || max >= 2)) throw new Re2SyntaxError("invalid repeat count", where);
  return { tree, repeats };
}

function most(parts: readonly Part[]): number {
  return parts.reduce((max, { repeats }) => Math.max(max, repeats), 1);
}

function rune(set: RuneSet): Part {
  return { tree: { type: "rune", set }, repeats: 1 };
}

function place(where: Place): Part {
  return { tree: { type: "place", place: where }, repeats: 1 };
}
