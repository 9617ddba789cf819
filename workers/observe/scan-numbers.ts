const POWERS = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);
/** Whole numbers of so many digits are exact. */
const EXACT_DIGITS = 15;
/** Two exact parts hold so many digits. */
const TWO_PART_DIGITS = 19;

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
   * Any JSON number, as the runtime would read it. With at most fifteen digits and a power of ten of at most 22 both are
   * exact doubles, so one division rounds right (Clinger, "How to Read Floating Point Numbers Accurately", PLDI 1990); with
   * up to nineteen the division is done in two parts; all else is left to the runtime.
   */
  number(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    const negative = bytes[at] === 0x2d;
    if (negative) at++;
    const first = at;
    // The first fifteen digits that count, then those behind them.
    let head = 0;
    let tail = 0;
    let digits = 0;
    let code = bytes[at] ?? 0;
    for (; code >= ZERO && code <= NINE; code = bytes[++at] ?? 0) {
      if (digits > 0 || code !== ZERO) digits++;
      if (digits <= EXACT_DIGITS) head = head * 10 + code - ZERO;
      else tail = tail * 10 + code - ZERO;
    }
    const wholeDigits = at - first;
    if (wholeDigits === 0 || (wholeDigits > 1 && bytes[first] === ZERO)) return Number.NaN;
    let fraction = 0;
    if (code === 0x2e) {
      const point = at;
      code = bytes[++at] ?? 0;
      for (; code >= ZERO && code <= NINE; code = bytes[++at] ?? 0) {
        if (digits > 0 || code !== ZERO) digits++;
        if (digits <= EXACT_DIGITS) head = head * 10 + code - ZERO;
        else tail = tail * 10 + code - ZERO;
      }
      fraction = at - point - 1;
      if (fraction === 0) return Number.NaN;
    }
    const exponent = code === 0x65 || code === 0x45;
    if (exponent) {
      code = bytes[++at] ?? 0;
      if (code === 0x2b || code === 0x2d) code = bytes[++at] ?? 0;
      const start = at;
      for (; code >= ZERO && code <= NINE; code = bytes[++at] ?? 0);
      if (at === start) return Number.NaN;
    }
    this.end = at;
    const power = POWERS[fraction];
    if (exponent || power === undefined || digits > TWO_PART_DIGITS) return Number(this.#slice(from, at));
    let value: number;
    if (digits <= EXACT_DIGITS) value = head / power;
    else {
      value = divide(head, POWERS[digits - EXACT_DIGITS] ?? 1, tail, power);
      if (Number.isNaN(value)) return Number(this.#slice(from, at));
    }
    return negative ? -value : value;
  }

  /** Latin-1, so that a byte is a character whatever the body holds. */
  #slice(from: number, end: number): string {
    this.#text ??= latin1.decode(this.#bytes);
    return this.#text.slice(from, end);
  }
}

/**
 * `(head × scale + tail) / power`, rounded right, or NaN when that cannot be told: the numerator as an unevaluated sum of
 * two doubles, a quotient and the quotient of the exact remainder (Dekker, "A floating-point technique for extending the
 * available precision", 1971). The second quotient is off by far less than one part in 2^45; where such a part would
 * change the rounding, the runtime decides.
 */
function divide(head: number, scale: number, tail: number, power: number): number {
  const product = head * scale;
  const high = product + tail;
  const low = tail - (high - product) + productError(head, scale, product);
  const quotient = high / power;
  const back = quotient * power;
  const rest = (high - back - productError(quotient, power, back) + low) / power;
  const value = quotient + rest;
  return value === quotient + rest * (1 + 2 ** -45) && value === quotient + rest * (1 - 2 ** -45) ? value : Number.NaN;
}

/** `a × b` minus its rounded product, exactly. */
function productError(a: number, b: number, product: number): number {
  const aBig = a * SPLIT;
  const aHigh = aBig - (aBig - a);
  const aLow = a - aHigh;
  const bBig = b * SPLIT;
  const bHigh = bBig - (bBig - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** 2^27 + 1 halves the 53 bits of a double. */
const SPLIT = 134_217_729;

const latin1 = new TextDecoder("latin1");
