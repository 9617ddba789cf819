import { pick, type Random } from "./random.ts";

const ATOMS =
  "a b c A k s 0 _ - é K ß ſ 😀 İ σ . ^ $ \\b \\B \\A \\z \\d \\D \\w \\W \\s \\S [a-c] [^a] []a] [a-] [\\d-z] [[:alpha:]] [^[:^word:]k] [[:word:][:space:]] \\pL \\PL \\p{Lu} \\P{^Lu} \\p{Greek} \\p{^Latin} [\\p{L}\\d] [^\\PL] \\x41 \\x{1F600} \\101 \\n \\Qa.b\\E \\Q\\E \\. \\_ (?i) (?-i) (?s) (?-s) (?m) (?U) (?i:k) (?i:[a-z]) (?i:[^k]) (?i:\\W) (?i:\\w) (?i:\\p{Lu}) (?i:\\P{Lu}) (?i:[[:^upper:]]) (?i:σ)"
    .split(" ")
    .concat(" ");

/** What is refused, or reads otherwise than it looks. */
const ODD =
  "( [ { } ) * + ? | \\ (?=a) (?!a) (?<=a) (?P=x) (?<x>a) (?P<y>b) (?P<y>c) (? (?i {,2} {2 {1,0} {01} {1001} {99999999999} \\8 \\1 \\12 \\C \\Z \\h \\p \\p{ \\p{Foo} \\pé \\p{} \\p{Grek} \\p{Thai} [[:foo:]] [z-a] [a [[:a [a-\\d] \\x \\x{} \\x{110000} \\xZ \\é (?-) (?i-) (?) (?--i) ] (?#a) \\E a** a*? a?? a+* ^* $? \\b+ ((a{9}){9}){99}".split(
    " ",
  );

const REPEATS = "* + ? *? +? ?? {2} {0,2} {1,} {0} {2,3} {0,1} {1} {0,} {3,3}?".split(" ");

const CHARACTERS = [...Array.from("abcABKksS09_- \n\téÉKßẞſ😀İiıσςΣ.\väΩ"), "\ud800"];

/** A pattern of at most this depth, most of them such as RE2 takes. */
export function randomPattern(random: Random, depth = 4): string {
  const inner = () => randomPattern(random, depth - 1);
  switch (Math.floor(random() * (depth > 0 ? 12 : 4))) {
    case 4:
    case 5:
    case 6:
      return inner() + inner();
    case 7:
      return `${inner()}|${inner()}`;
    case 8:
      return `(${inner()})`;
    case 9:
    case 10:
      return inner() + pick(random, REPEATS);
    case 11:
      return `(?:${inner()})${pick(random, REPEATS)}`;
    default:
      return pick(random, random() < 1 / 40 ? ODD : ATOMS);
  }
}

/** A text of few characters, such as patterns tell apart. */
export function randomText(random: Random): string {
  return Array.from({ length: Math.floor(random() * 6) }, () => pick(random, CHARACTERS)).join("");
}
