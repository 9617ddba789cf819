const POWERS = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);
/** Whole numbers of so many digits are exact. */
const EXACT_DIGITS = 15;

const ZERO = 0x30;
const NINE = 0x39;

/** Reads numbers out of JSON bytes, in place. `end` is where the last one ended; a number that is none leaves NaN. */
export class NumberScanner {
  end = 0;
  readonly #bytes: Uint8Array;
  /** The whole body as text, made when the first number needs it. */
  #text: string | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Digits without sign, fraction or exponent; at most fifteen. */
  whole(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    let value = 0;
    for (let code = bytes[at] ?? 0; code >= ZERO && code <= NINE; code = bytes[++at] ?? 0) value = value * 10 + code - ZERO;
    this.end = at;
    const digits = at - from;
    return digits === 0 || digits > EXACT_DIGITS || (digits > 1 && bytes[from] === ZERO) ? Number.NaN : value;
  }

  /**
   * Any JSON number. With at most fifteen digits and a power of ten of at most 22 both are exact doubles, so one division
   * rounds right (Clinger, "How to Read Floating Point Numbers Accurately", PLDI 1990); all else is left to the runtime.
   */
  number(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    const negative = bytes[at] === 0x2d;
    if (negative) at++;
    const first = at;
    let value = 0;
    let code = bytes[at] ?? 0;
    for (; code >= ZERO && code <= NINE; code = bytes[++at] ?? 0) value = value * 10 + code - ZERO;
    const wholeDigits = at - first;
    if (wholeDigits === 0 || (wholeDigits > 1 && bytes[first] === ZERO)) return Number.NaN;
    let fraction = 0;
    if (code === 0x2e) {
      const point = at;
      code = bytes[++at] ?? 0;
      for (; code >= ZERO && code <= NINE; code = bytes[++at] ?? 0) value = value * 10 + code - ZERO;
      fraction = at - point - 1;
      if (fraction === 0) return Number.NaN;
    }
    const exponent = code === 0x65 || code === 0x45;
    if (exponent) {
      code = bytes[++at] ?? 0;
      if (code === 0x2b || code === 0x2d) code = bytes[++at] ?? 0;
      const digits = at;
      for (; code >= ZERO && code <= NINE; code = bytes[++at] ?? 0);
      if (at === digits) return Number.NaN;
    }
    this.end = at;
    if (exponent || wholeDigits + fraction > EXACT_DIGITS) return Number(this.#slice(from, at));
    const exact = fraction === 0 ? value : value / (POWERS[fraction] ?? 1);
    return negative ? -exact : exact;
  }

  /** Latin-1, so that a byte is a character whatever the body holds. */
  #slice(from: number, end: number): string {
    this.#text ??= latin1.decode(this.#bytes);
    return this.#text.slice(from, end);
  }
}

const latin1 = new TextDecoder("latin1");
