import { ByteReader, ByteWriter, CorruptBlock } from "./bits.ts";
import type { DictionaryRow } from "./store.ts";

/** A dictionary row holds about so much: a few hundred series. */
export const DICTIONARY_ROW_BYTES = 64 * 1024;

export interface Definition {
  readonly ref: number;
  readonly key: string;
}

/** Packs definitions, in rising order of reference: `varint count`, then per series `varint reference minus the one before · varint bytes · key`. */
export function packDefinitions(definitions: readonly Definition[]): DictionaryRow[] {
  const rows: DictionaryRow[] = [];
  const encoder = new TextEncoder();
  const writer = new ByteWriter(DICTIONARY_ROW_BYTES);
  let first = 0;
  let previous = 0;
  let count = 0;
  const finish = () => {
    if (count === 0) return;
    const head = new ByteWriter(8);
    head.varint(count);
    head.bytes(writer.view());
    rows.push({ firstRef: first, body: head.view().slice() });
    writer.reset();
    count = 0;
    previous = 0;
  };
  for (const { ref, key } of definitions) {
    const bytes = encoder.encode(key);
    if (count > 0 && writer.length + bytes.length > DICTIONARY_ROW_BYTES) finish();
    if (count === 0) first = ref;
    writer.varint(ref - previous);
    writer.varint(bytes.length);
    writer.bytes(bytes);
    previous = ref;
    count++;
  }
  finish();
  return rows;
}

/** @throws CorruptBlock */
export function unpackDefinitions(body: Uint8Array): Definition[] {
  const reader = new ByteReader(body);
  const decoder = new TextDecoder();
  const count = reader.varint();
  if (count > body.length) throw new CorruptBlock("impossible number of series");
  const definitions: Definition[] = [];
  let ref = 0;
  for (let i = 0; i < count; i++) {
    ref += reader.varint();
    definitions.push({ ref, key: decoder.decode(reader.bytes(reader.varint())) });
  }
  return definitions;
}
