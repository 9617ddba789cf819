import { type Labels } from "../../contract/metric-key.ts";
import { acceptedWindow, readSample } from "../../contract/metric-samples.ts";
import type { KnownSeries, TenantSeries } from "./series-cache.ts";

/** How a sample's JSON begins: everything from `{` to `"timestamp":`, which says the series and nothing else. */
export interface KnownText {
  readonly length: number;
  /** The bytes, four to a word, little endian; then what is left over. */
  readonly words: Uint32Array;
  readonly rest: Uint8Array;
  readonly series: KnownSeries;
  /** Another text with the same hash. */
  sameHash: KnownText | undefined;
  /** The text that came after this one last time: agents send their series in the same order every time. */
  next: KnownText | undefined;
}

/** A text longer than this is read without being remembered. */
const MAX_TEXT_BYTES = 4_096;
/** Texts of one hash that are remembered: chance makes two, a client that wants us to compare for ever makes ten thousand. */
const MAX_SAME_HASH = 8;
/** What a remembered text takes besides its own bytes, about: its object, two views and a place in the map. */
const TEXT_ENTRY_BYTES = 400;

const END = new TextEncoder().encode(',"timestamp":');
const FILLER = '0,"value":0}';
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const anyTime = acceptedWindow(0);

/** The beginnings of samples that one tenant has sent, by their raw bytes: a series that is known is found without reading its labels. */
export class KnownTexts {
  readonly #tenant: TenantSeries;
  readonly #byHash = new Map<number, KnownText>();
  #bytes = 0;

  constructor(tenant: TenantSeries) {
    this.#tenant = tenant;
  }

  /** Memory that the texts take, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The text at this position, learned when it is new; undefined when there is none of the plain form. */
  find(bytes: Uint8Array, view: DataView, from: number): KnownText | undefined {
    const end = endOf(bytes, from);
    if (end === undefined) return undefined;
    const hash = hashBytes(bytes, view, from, end);
    let same = 0;
    for (let text = this.#byHash.get(hash); text; text = text.sameHash) {
      if (text.length === end - from && matchesAt(text, bytes, view, from)) return text;
      same++;
    }
    return this.#learn(bytes.slice(from, end), hash, same < MAX_SAME_HASH);
  }

  #learn(bytes: Uint8Array<ArrayBuffer>, hash: number, remember: boolean): KnownText | undefined {
    const series = this.#seriesOf(bytes);
    if (!series) return undefined;
    const whole = bytes.length & ~3;
    const text: KnownText = {
      length: bytes.length,
      words: new Uint32Array(bytes.buffer, 0, whole / 4),
      rest: bytes.subarray(whole),
      series,
      sameHash: this.#byHash.get(hash),
      next: undefined,
    };
    if (!remember) return text;
    this.#byHash.set(hash, text);
    this.#bytes += bytes.length + TEXT_ENTRY_BYTES;
    return text;
  }

  /** Reads the text as the general way would: as JSON, with a time and a value put behind it. */
  #seriesOf(bytes: Uint8Array): KnownSeries | undefined {
    let sample: unknown;
    try {
      sample = JSON.parse(decoder.decode(bytes) + FILLER);
    } catch {
      return undefined; // not UTF-8, or not a sample that goes on like this: the general way says what is wrong
    }
    let series: KnownSeries | undefined;
    readSample(sample, 0, anyTime, {
      accept: (_index, metric: string, labels: Labels | undefined) => {
        series = this.#tenant.find(metric, labels);
      },
      reject: () => undefined,
    });
    return series;
  }
}

/** Whether the text stands at this position. */
export function matchesAt(text: KnownText, bytes: Uint8Array, view: DataView, from: number): boolean {
  if (from + text.length > bytes.length) return false;
  const { words, rest } = text;
  let at = from;
  for (let i = 0; i < words.length; i++, at += 4) {
    if (view.getUint32(at, true) !== words[i]) return false;
  }
  for (let i = 0; i < rest.length; i++, at++) {
    if (bytes[at] !== rest[i]) return false;
  }
  return true;
}

/**
 * Where a text ends, just behind `"timestamp":`. An unescaped quote never stands inside a JSON string, so the bytes
 * `,"timestamp":` are either that field or part of something that is no JSON.
 */
function endOf(bytes: Uint8Array, from: number): number | undefined {
  const last = Math.min(bytes.length, from + MAX_TEXT_BYTES) - END.length;
  for (let i = from; i <= last; i++) {
    if (bytes[i] !== 0x2c || bytes[i + 1] !== 0x22 || bytes[i + 2] !== 0x74) continue;
    let same = 3;
    while (same < END.length && bytes[i + same] === END[same]) same++;
    if (same === END.length) return i + END.length;
  }
  return undefined;
}

/** FNV-1a over words of four bytes, then over the bytes that are left. */
function hashBytes(bytes: Uint8Array, view: DataView, from: number, end: number): number {
  let hash = 0x811c9dc5;
  let at = from;
  for (; at + 4 <= end; at += 4) hash = Math.imul(hash ^ view.getUint32(at, true), 0x01000193);
  for (; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return hash;
}
