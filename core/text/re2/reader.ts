/** A pattern that RE2 does not take. The message says why, in RE2's words. */
export class Re2SyntaxError extends Error {
  constructor(why: string, where?: string) {
    super(where === undefined ? why : `${why}: \`${where}\``);
  }
}

/** A place in a pattern. */
export class Reader {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get more(): boolean {
    return this.at < this.#text.length;
  }

  get rest(): string {
    return this.#text.slice(this.at);
  }

  /** What was read since then. */
  since(start: number): string {
    return this.#text.slice(start, this.at);
  }

  sees(text: string): boolean {
    return this.#text.startsWith(text, this.at);
  }

  /** Goes over this text if it comes next. */
  take(text: string): boolean {
    if (!this.sees(text)) return false;
    this.at += text.length;
    return true;
  }

  /** The next code point; NaN at the end, which is equal to nothing. */
  next(): number {
    const rune = this.#text.codePointAt(this.at);
    if (rune === undefined) return Number.NaN;
    this.at += rune > 0xffff ? 2 : 1;
    return rune;
  }

  /** What this sticky expression takes here; undefined when it takes nothing. */
  match(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.#text) ?? undefined;
    if (found) this.at += found[0].length;
    return found;
  }
}
