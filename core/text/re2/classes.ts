import { Re2SyntaxError, type Reader } from "./reader.ts";
import { ClassParts, MAX_RUNE, type NativeSets, type Ranges, type RuneSet } from "./rune-set.ts";

const DIGIT: Ranges = [0x30, 0x39];
const WORD: Ranges = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a];
const SPACE: Ranges = [0x09, 0x0a, 0x0c, 0x0d, 0x20, 0x20];

const PERL: Readonly<Record<string, Ranges>> = { d: DIGIT, s: SPACE, w: WORD };

const POSIX: Readonly<Record<string, Ranges>> = {
  alnum: [0x30, 0x39, 0x41, 0x5a, 0x61, 0x7a],
  alpha: [0x41, 0x5a, 0x61, 0x7a],
  ascii: [0x00, 0x7f],
  blank: [0x09, 0x09, 0x20, 0x20],
  cntrl: [0x00, 0x1f, 0x7f, 0x7f],
  digit: DIGIT,
  graph: [0x21, 0x7e],
  lower: [0x61, 0x7a],
  print: [0x20, 0x7e],
  punct: [0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e],
  space: [0x09, 0x0d, 0x20, 0x20],
  upper: [0x41, 0x5a],
  word: WORD,
  xdigit: [0x30, 0x39, 0x41, 0x46, 0x61, 0x66],
};

const CATEGORY = /^(?:C[cfnos]?|L[Clmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?)$/;
/** Scripts whose name has four letters; any other four are an abbreviation, which the engine knows and RE2 does not. */
const SHORT_SCRIPTS: ReadonlySet<string> = new Set(["Ahom", "Cham", "Kawi", "Lisu", "Miao", "Modi", "Newa", "Thai", "Toto"]);

const ESCAPES: Readonly<Record<string, number>> = { a: 0x07, f: 0x0c, n: 0x0a, r: 0x0d, t: 0x09, v: 0x0b };

/** `\d`, `\pN`, `\p{Greek}` and their opposites; false where something else comes. @throws Re2SyntaxError for a class that nobody knows */
export function readNamedEscape(reader: Reader, parts: ClassParts): boolean {
  const perl = reader.match(/\\([dswDSW])/y)?.[1];
  if (perl !== undefined) {
    parts.add(PERL[perl.toLowerCase()] ?? [], perl !== perl.toLowerCase());
    return true;
  }
  if (!reader.sees("\\p") && !reader.sees("\\P")) return false;
  const start = reader.at;
  const [, letter, caret, long, short] = reader.match(/\\([pP])(?:\{(\^?)([^}]*)\}|([^{]))/uy) ?? [];
  const name = nativeName(long ?? short ?? "");
  try {
    if (name !== undefined) parts.addNative(`\\${(letter === "P") === (caret === "^") ? "p" : "P"}{${name}}`);
  } catch {
    throw new Re2SyntaxError("invalid character class range", reader.since(start)); // no script has this name: the engine refuses it
  }
  if (name === undefined) throw new Re2SyntaxError("invalid character class range", reader.since(start) || reader.rest);
  return true;
}

/** What the engine calls a class of Unicode that RE2 may know. */
function nativeName(name: string): string | undefined {
  if (name === "Any" || CATEGORY.test(name)) return name;
  return /^[A-Z]\w+$/.test(name) && (name.length !== 4 || SHORT_SCRIPTS.has(name)) ? `Script=${name}` : undefined;
}

/** `\n`, `\x7F`, `\123`, `\.`: one character. @throws Re2SyntaxError */
export function readEscape(reader: Reader): number {
  const start = reader.at;
  reader.take("\\");
  if (!reader.more) throw new Re2SyntaxError("trailing backslash at end of expression");
  const octal = reader.match(/[1-7][0-7]{1,2}|0[0-7]{0,2}/y)?.[0];
  if (octal !== undefined) return Number.parseInt(octal, 8);
  const hex = reader.match(/x(?:([\dA-Fa-f]{2})|\{([\dA-Fa-f]+)\})/y);
  const code = hex === undefined ? undefined : Number.parseInt(hex[1] ?? hex[2] ?? "", 16);
  if (code !== undefined && code <= MAX_RUNE) return code;
  if (code === undefined) {
    const rune = reader.next();
    const char = String.fromCodePoint(rune);
    const named = Object.hasOwn(ESCAPES, char) ? ESCAPES[char] : undefined;
    if (named !== undefined) return named;
    if (rune < 0x80 && !/[\dA-Za-z]/.test(char)) return rune;
  }
  throw new Re2SyntaxError("invalid escape sequence", reader.since(start));
}

/** `[a-z[:digit:]\pL]`, from its bracket on. @throws Re2SyntaxError */
export function readClass(reader: Reader, sets: NativeSets, fold: boolean): RuneSet {
  const start = reader.at;
  reader.take("[");
  const negated = reader.take("^");
  const parts = new ClassParts(sets, fold);
  // A bracket in the first place is a character like any other.
  for (let first = true; first || !reader.sees("]"); first = false) {
    if (readPosix(reader, parts) || readNamedEscape(reader, parts)) continue;
    const place = reader.at;
    const low = readClassRune(reader, start);
    let high = low;
    if (reader.sees("-") && !reader.sees("-]")) {
      reader.take("-");
      high = readClassRune(reader, start);
      if (high < low) throw new Re2SyntaxError("invalid character class range", reader.since(place));
    }
    parts.add([low, high]);
  }
  reader.take("]");
  return parts.build(negated);
}

function readClassRune(reader: Reader, classStart: number): number {
  if (!reader.more) throw new Re2SyntaxError("missing closing ]", reader.since(classStart));
  return reader.sees("\\") ? readEscape(reader) : reader.next();
}

/** `[:alpha:]`. What begins so and ends nowhere is characters; what ends and is none of these is a mistake. */
function readPosix(reader: Reader, parts: ClassParts): boolean {
  const found = reader.match(/\[:(\^?)(.*?):\]/sy);
  if (found === undefined) return false;
  const [whole, caret, name = ""] = found;
  const ranges = Object.hasOwn(POSIX, name) ? POSIX[name] : undefined;
  if (ranges === undefined) throw new Re2SyntaxError("invalid character class range", whole);
  parts.add(ranges, caret === "^");
  return true;
}
