import { accept, type Outcome, refuse } from "./problems.ts";

export const OPERATORS = ["+", "-", "*", "/", "%", "^"] as const;
export type Operator = (typeof OPERATORS)[number];

export type Expression =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "negative"; readonly of: Expression }
  | { readonly kind: "binary"; readonly operator: Operator; readonly left: Expression; readonly right: Expression };

/** How strongly an operator binds, as in PromQL; `^` binds to the right, and stronger than the sign before its left side. */
const STRENGTH: Readonly<Record<Operator, number>> = { "+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "^": 4 };
const SIGN_STRENGTH = 3;
/** Brackets and signs within each other: the parser calls itself. */
const MAX_DEPTH = 50;
const TOKEN = /\s*(?:(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([a-z][a-z0-9_]*)|([-+*/%^()]))/y;

/** A formula that is wrong at a place of its text. */
class FormulaFault extends Error {}

/**
 * Reads arithmetic by operator precedence ("Top Down Operator Precedence", Pratt, 1973).
 * @param names what the formula may stand on
 */
export function parseFormula(text: string, names: ReadonlySet<string>): Outcome<Expression> {
  try {
    return accept(new Parser(text, names).whole());
  } catch (error) {
    if (error instanceof FormulaFault) return refuse("invalid-body", error.message);
    throw error;
  }
}

class Parser {
  readonly #text: string;
  readonly #names: ReadonlySet<string>;
  #token = "";
  /** Where the token begins. */
  #at = 0;
  #next = 0;
  #depth = 0;

  constructor(text: string, names: ReadonlySet<string>) {
    this.#text = text;
    this.#names = names;
    this.#advance();
  }

  whole(): Expression {
    const expression = this.#expression(0);
    if (this.#token !== "") this.#fail(`\`${this.#token}\` is not expected`);
    return expression;
  }

  #expression(above: number): Expression {
    if (++this.#depth > MAX_DEPTH) this.#fail(`brackets and signs lie more than ${MAX_DEPTH} deep`);
    let left = this.#operand();
    for (let operator = operatorOf(this.#token); operator && STRENGTH[operator] > above; operator = operatorOf(this.#token)) {
      this.#advance();
      const right = this.#expression(operator === "^" ? STRENGTH[operator] - 1 : STRENGTH[operator]);
      left = { kind: "binary", operator, left, right };
    }
    this.#depth--;
    return left;
  }

  #operand(): Expression {
    const token = this.#token;
    if (token === "") this.#fail("it ends too early");
    if (token === "(") {
      this.#advance();
      const inner = this.#expression(0);
      if (this.#token !== ")") this.#fail("a bracket is not closed");
      this.#advance();
      return inner;
    }
    if (token === "-" || token === "+") {
      this.#advance();
      const of = this.#expression(SIGN_STRENGTH);
      return token === "+" ? of : { kind: "negative", of };
    }
    if (/^[\d.]/.test(token)) {
      this.#advance();
      return { kind: "number", value: Number(token) };
    }
    if (!/^[a-z]/.test(token)) this.#fail(`\`${token}\` is not expected`);
    if (!this.#names.has(token)) this.#fail(`no selection is called \`${token}\``);
    this.#advance();
    return { kind: "name", name: token };
  }

  #advance(): void {
    TOKEN.lastIndex = this.#next;
    const match = TOKEN.exec(this.#text);
    if (match) {
      this.#token = match[1] ?? match[2] ?? match[3] ?? "";
      this.#next = TOKEN.lastIndex;
      this.#at = this.#next - this.#token.length;
      return;
    }
    const rest = this.#text.slice(this.#next).trimStart();
    this.#at = this.#text.length - rest.length;
    if (rest !== "") this.#fail(`\`${String.fromCodePoint(rest.codePointAt(0) ?? 0x20)}\` is not expected`);
    this.#token = "";
  }

  #fail(why: string): never {
    throw new FormulaFault(`The formula cannot be read: ${why} at character ${this.#at + 1}.`);
  }
}

function operatorOf(token: string): Operator | undefined {
  return OPERATORS.find((operator) => operator === token);
}
