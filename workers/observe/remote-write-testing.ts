/** A message as lists of fields, for tests: what the decoder reads, written by other hands. */
export class ProtobufWriter {
  readonly #bytes: number[] = [];

  varint(field: number, value: number | bigint): this {
    return this.#tag(field, 0).#varint(BigInt.asUintN(64, BigInt(value)));
  }

  sint(field: number, value: number): this {
    return this.varint(field, value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value));
  }

  double(field: number, value: number | Uint8Array): this {
    this.#tag(field, 1).#bytes.push(...(typeof value === "number" ? doubleBytes(value) : value));
    return this;
  }

  bytes(field: number, value: Uint8Array | readonly number[]): this {
    this.#tag(field, 2).#varint(BigInt(value.length));
    for (const byte of value) this.#bytes.push(byte);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, write: (inner: ProtobufWriter) => unknown): this {
    const inner = new ProtobufWriter();
    write(inner);
    return this.bytes(field, inner.#bytes);
  }

  packedDoubles(field: number, values: readonly number[]): this {
    return this.bytes(
      field,
      values.flatMap((value) => [...doubleBytes(value)]),
    );
  }

  packedSints(field: number, values: readonly number[]): this {
    const inner = new ProtobufWriter();
    for (const value of values) inner.#varint(value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value));
    return this.bytes(field, inner.#bytes);
  }

  done(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }

  #tag(field: number, type: number): this {
    return this.#varint(BigInt((field << 3) | type));
  }

  #varint(value: bigint): this {
    let rest = value;
    for (; rest > 127n; rest >>= 7n) this.#bytes.push(Number(rest & 127n) | 128);
    this.#bytes.push(Number(rest));
    return this;
  }
}

function doubleBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return bytes;
}

/** Prometheus' stale marker as it stands on the wire. */
export const STALE_BYTES = Uint8Array.of(2, 0, 0, 0, 0, 0, 0xf0, 0x7f);

export interface TestSeries {
  /** With `__name__`. A list, where the order or a name that stands twice matters. */
  readonly labels: Readonly<Record<string, string>> | readonly (readonly [string, string])[];
  readonly samples?: readonly (readonly [atMs: number, value: number | Uint8Array])[];
  readonly exemplars?: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number; readonly at: number }[];
  readonly histograms?: readonly ((histogram: ProtobufWriter) => unknown)[];
}

/** A `prometheus.WriteRequest`. */
export function writeRequest(
  series: readonly TestSeries[],
  more: (request: ProtobufWriter) => unknown = () => undefined,
): Uint8Array<ArrayBuffer> {
  const request = new ProtobufWriter();
  for (const one of series) request.message(1, (inner) => writeSeries(inner, one));
  more(request);
  return request.done();
}

function writeSeries(inner: ProtobufWriter, { labels, samples = [], exemplars = [], histograms = [] }: TestSeries): void {
  // A list is the one of the two that is an array, which the compiler does not see in a readonly one.
  const pairs = Array.isArray(labels) ? (labels as readonly (readonly [string, string])[]) : Object.entries(labels);
  for (const pair of pairs) inner.message(1, (label) => writeLabel(label, pair));
  for (const [atMs, value] of samples) {
    inner.message(2, (sample) => {
      // As Go's encoder does: zero is not written.
      if (value !== 0 || Object.is(value, -0)) sample.double(1, value);
      sample.varint(2, atMs);
    });
  }
  for (const exemplar of exemplars) {
    inner.message(3, (one) => {
      for (const pair of Object.entries(exemplar.labels)) one.message(1, (label) => writeLabel(label, pair));
      one.double(2, exemplar.value).varint(3, exemplar.at);
    });
  }
  for (const write of histograms) inner.message(4, write);
}

function writeLabel(label: ProtobufWriter, [name, value]: readonly [string, string]): void {
  if (name !== "") label.text(1, name);
  if (value !== "") label.text(2, value);
}

/** A snappy block of literals alone, 60 bytes each: right, if not small. */
export function snapped(plain: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  let rest = plain.length;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  bytes.push(rest);
  for (let at = 0; at < plain.length; at += 60) {
    const part = plain.subarray(at, at + 60);
    bytes.push((part.length - 1) << 2, ...part);
  }
  return Uint8Array.from(bytes);
}
