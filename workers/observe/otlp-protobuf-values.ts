import { bytesText, intText, nestedNumber, numberText } from "./otlp-numbers.ts";
import { type Attributes, OTLP_LIMITS } from "./otlp-point.ts";
import { decodeText, ProtobufReader, WIRE } from "./protobuf.ts";

/** Undefined is what is no UTF-8. */
export type OtlpText = string | undefined;

/** A text that hurts nothing but the point that it belongs to when it is none. */
export function readText(r: ProtobufReader): OtlpText {
  const outer = r.enter();
  try {
    return decodeText(r.bytes, r.at, r.end);
  } catch {
    return undefined; // not UTF-8: the mapper refuses the point
  } finally {
    r.leave(outer);
  }
}

/** Appends a `KeyValue` (common/v1/common.proto), whose bytes the reader has entered, unless there are too many. */
export function readKeyValue(r: ProtobufReader, into: Attributes): void {
  if (into.length > 2 * OTLP_LIMITS.attributes) return;
  const [name, value] = pairOf(r, 0);
  into.push(name, value);
}

function pairOf(r: ProtobufReader, depth: number): [name: OtlpText, value: OtlpText] {
  let name: OtlpText = "";
  let value: OtlpText = depth === 0 ? "" : "null";
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === ((1 << 3) | WIRE.bytes)) name = readText(r);
    else if (tag === ((2 << 3) | WIRE.bytes)) value = within(r, () => anyValue(r, depth));
    else r.skip(tag);
  }
  return [name, value];
}

/** An `AnyValue` as text: what it holds, or JSON for lists and maps and everything in them (`depth` above 0). */
function anyValue(r: ProtobufReader, depth: number): OtlpText {
  const top = depth === 0;
  let text: OtlpText = top ? "" : "null";
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    switch (tag) {
      case (1 << 3) | WIRE.bytes: {
        const plain = readText(r);
        text = top || plain === undefined ? plain : JSON.stringify(plain);
        break;
      }
      case (2 << 3) | WIRE.varint:
        r.varint();
        text = (r.low | r.high) === 0 ? "false" : "true";
        break;
      case (3 << 3) | WIRE.varint:
        r.varint();
        text = intText(r.high, r.low);
        break;
      case (4 << 3) | WIRE.fixed64:
        text = top ? numberText(r.double()) : nestedNumber(r.double());
        break;
      case (5 << 3) | WIRE.bytes:
        text = within(r, () => list(r, depth + 1));
        break;
      case (6 << 3) | WIRE.bytes:
        text = within(r, () => map(r, depth + 1));
        break;
      case (7 << 3) | WIRE.bytes: {
        const base64 = bytesText(r.byteRange());
        text = top ? base64 : JSON.stringify(base64);
        break;
      }
      default:
        r.skip(tag);
    }
  }
  return text;
}

function list(r: ProtobufReader, depth: number): OtlpText {
  if (depth > OTLP_LIMITS.depth) return undefined;
  const items: OtlpText[] = [];
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag !== ((1 << 3) | WIRE.bytes)) {
      r.skip(tag);
      continue;
    }
    if (items.length === OTLP_LIMITS.items) return undefined;
    items.push(within(r, () => anyValue(r, depth)));
  }
  return items.includes(undefined) ? undefined : `[${items.join(",")}]`;
}

function map(r: ProtobufReader, depth: number): OtlpText {
  if (depth > OTLP_LIMITS.depth) return undefined;
  const items: OtlpText[] = [];
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag !== ((1 << 3) | WIRE.bytes)) {
      r.skip(tag);
      continue;
    }
    if (items.length === OTLP_LIMITS.items) return undefined;
    const [name, value] = within(r, () => pairOf(r, depth));
    items.push(name === undefined || value === undefined ? undefined : `${JSON.stringify(name)}:${value}`);
  }
  return items.includes(undefined) ? undefined : `{${items.join(",")}}`;
}

/** Does something within the next field's message. */
export function within<T>(r: ProtobufReader, read: () => T): T {
  const outer = r.enter();
  const value = read();
  r.leave(outer);
  return value;
}

/** Every byte becomes one character, and different bytes different ones. */
const oneByOne = new TextDecoder("latin1");
/** No byte becomes this character. */
const SEVERAL = "\u0100";

/** The attributes of one point, which are read only when nobody knows their bytes. */
export class SpelledAttributes {
  readonly #bytes: Uint8Array;
  /** Where each `KeyValue` begins, with its length, and ends. */
  readonly #spans: number[] = [];
  #together = true;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  clear(): void {
    this.#spans.length = 0;
    this.#together = true;
  }

  /** Passes over a `KeyValue`, whose tag was just read. */
  pass(r: ProtobufReader): void {
    const from = r.at;
    const outer = r.enter();
    r.leave(outer);
    if (this.#spans.length > 2 * OTLP_LIMITS.attributes) return;
    // Between neighbours there is one byte, the next one's tag.
    if (this.#spans.length > 0 && this.#spans.at(-1) !== from - 1) this.#together = false;
    this.#spans.push(from, r.at);
  }

  /** Equal texts are equal bytes, in the same order. */
  spelling(): string {
    const [spans, bytes] = [this.#spans, this.#bytes];
    if (spans.length === 0) return "";
    if (this.#together) return oneByOne.decode(bytes.subarray(spans[0], spans.at(-1)));
    const texts: string[] = [];
    for (let i = 0; i < spans.length; i += 2) texts.push(oneByOne.decode(bytes.subarray(spans[i], spans[i + 1])));
    return SEVERAL + JSON.stringify(texts);
  }

  read(): Attributes {
    const attributes: Attributes = [];
    for (let i = 0; i < this.#spans.length; i += 2) {
      const r = new ProtobufReader(this.#bytes, this.#spans[i], this.#spans[i + 1]);
      within(r, () => readKeyValue(r, attributes));
    }
    return attributes;
  }
}
