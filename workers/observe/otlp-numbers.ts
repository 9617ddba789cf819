/** A number as a label's text; infinities as Prometheus writes them. */
export function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

/** Nanoseconds since 1970 from two 32-bit words, as whole milliseconds; exact, because each product stays below 2^53. */
export function nanosToMs(high: number, low: number): number {
  // 2^32 ns are 4,294 ms and 967,296 ns.
  return high * 4_294 + Math.floor((high * 967_296 + low) / 1_000_000);
}

/** An `int64` from two words, every digit of it. */
export function intText(high: number, low: number): string {
  const value = (high | 0) * 4_294_967_296 + low;
  return Number.isSafeInteger(value) ? String(value) : String((BigInt(high | 0) << 32n) | BigInt(low));
}

/** A number within a list or map that becomes a label's text. */
export function nestedNumber(value: number): string {
  return Number.isFinite(value) ? String(value) : JSON.stringify(numberText(value));
}

const HEX = /^[0-9a-fA-F]*$/;
const ZEROS = /^0*$/;

/** A trace or span id of so many digits, as it is kept; empty for what is none (https://www.w3.org/TR/trace-context/: all zeros). */
export function idText(hex: string, digits: number): string {
  return hex.length === digits && HEX.test(hex) && !ZEROS.test(hex) ? hex.toLowerCase() : "";
}

/** Bytes beyond this make a text that no label may have; there is no need to write all of it. */
const SHOWN_BYTES = 4_096;

/** Base64, as OTLP's JSON has bytes. */
export function bytesText(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes.subarray(0, SHOWN_BYTES)));
}
