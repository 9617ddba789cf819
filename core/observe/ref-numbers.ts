import { ByteReader, ByteWriter } from "./bits.ts";

/** A number for each of some series: `varint series`, then per series, by reference, `varint reference minus the one before · varint number`. */
export function packRefNumbers(numbers: ReadonlyMap<number, number>): Uint8Array {
  const writer = new ByteWriter(8 * numbers.size + 8);
  writer.varint(numbers.size);
  let previous = 0;
  for (const [ref, number] of [...numbers].sort(([a], [b]) => a - b)) {
    writer.varint(ref - previous);
    writer.varint(Math.max(0, number));
    previous = ref;
  }
  return writer.view().slice();
}

/** @throws CorruptBlock */
export function unpackRefNumbers(body: Uint8Array | undefined): Map<number, number> {
  const numbers = new Map<number, number>();
  if (!body) return numbers;
  const reader = new ByteReader(body);
  let ref = 0;
  for (let left = reader.varint(); left > 0; left--) {
    ref += reader.varint();
    numbers.set(ref, reader.varint());
  }
  return numbers;
}
