import type { RejectReason } from "../../contract/metric-limits.ts";
import type { KnownSeries } from "./series-cache.ts";

/** Why a series is refused. */
export interface LabelFault {
  readonly reason: RejectReason;
  readonly detail: string;
}

/** What the labels of a series say, however they are written. */
export type LabelMeaning =
  { readonly series: KnownSeries; readonly fault?: undefined } | { readonly series?: undefined; readonly fault: LabelFault };

/** The labels of a series as they stand in requests of a protocol: their raw bytes, and what they mean. */
export interface KnownLabels {
  readonly length: number;
  /** The bytes, four to a word, little endian, from `start`; what is left over is in `tail`. */
  readonly words: Int32Array;
  readonly start: number;
  /** The last four bytes, of which some are in `words` too. */
  readonly tail: number;
  readonly series: KnownSeries | undefined;
  /** Why there is no series. */
  readonly fault: LabelFault | undefined;
  /** The labels that came after these last time: senders keep their order. */
  next: KnownLabels | undefined;
}

export const KNOWN_LABELS_LIMITS = {
  /** Longer labels are read every time. */
  bytes: 8_192,
  /** Shorter ones too: a name and its frame take more. */
  minBytes: 4,
  /** Places looked at for one hash. Chance needs a few; who makes hashes meet gets his labels read every time instead. */
  probes: 24,
  /** What an entry takes besides its bytes, about. */
  entryBytes: 300,
} as const;

const FIRST_PLACES = 1_024;
/** The first chunk is small, for tenants with a few series; each holds the longest labels. */
const FIRST_CHUNK_WORDS = 1 << 12;
const CHUNK_WORDS = 1 << 16;

/**
 * The label bytes that one tenant has sent: series are found by them without reading a label. An open-addressing table over a hash of
 * four bytes at a time in the manner of MurmurHash3 (Appleby, public domain), with a seed of its own; bytes are compared at every find,
 * so that two series never become one.
 */
export class LabelTable {
  #hashes = new Int32Array(FIRST_PLACES);
  #entries: (KnownLabels | undefined)[] = Array.from({ length: FIRST_PLACES });
  #size = 0;
  #bytes = 0;
  /** Words of many labels one behind the other, in the order of requests: read so, they come out of memory three times as fast. */
  #chunk = new Int32Array(0);
  #used = 0;
  readonly #seed = crypto.getRandomValues(new Int32Array(1))[0] ?? 0;

  /** Memory that this takes, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The labels at `[from, end)`; what is new is read and remembered. */
  find(view: DataView, from: number, end: number, read: () => LabelMeaning): KnownLabels {
    const length = end - from;
    if (length < KNOWN_LABELS_LIMITS.minBytes || length > KNOWN_LABELS_LIMITS.bytes) return unremembered(read());
    const hash = hashBytes(view, from, end, this.#seed);
    const mask = this.#hashes.length - 1;
    for (let probe = 0; probe < KNOWN_LABELS_LIMITS.probes; probe++) {
      const place = (hash + probe) & mask;
      const entry = this.#entries[place];
      if (!entry) {
        const made = this.#entryOf(view, from, length, read());
        this.#put(place, hash, made);
        return made;
      }
      if (this.#hashes[place] === hash && entry.length === length && labelsAt(entry, view, from)) return entry;
    }
    return unremembered(read());
  }

  #entryOf(view: DataView, from: number, length: number, meaning: LabelMeaning): KnownLabels {
    const count = length >>> 2;
    if (this.#used + count > this.#chunk.length) {
      this.#chunk = new Int32Array(this.#chunk.length === 0 ? FIRST_CHUNK_WORDS : CHUNK_WORDS);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += count;
    const words = this.#chunk;
    for (let i = 0; i < count; i++) words[start + i] = view.getInt32(from + 4 * i, true);
    return {
      length,
      words,
      start,
      tail: view.getInt32(from + length - 4, true),
      series: meaning.series,
      fault: meaning.fault,
      next: undefined,
    };
  }

  #put(place: number, hash: number, entry: KnownLabels): void {
    this.#hashes[place] = hash;
    this.#entries[place] = entry;
    this.#size++;
    this.#bytes += entry.length + KNOWN_LABELS_LIMITS.entryBytes;
    if (2 * this.#size > this.#entries.length) this.#grow();
  }

  #grow(): void {
    const [hashes, entries] = [this.#hashes, this.#entries];
    const places = 2 * entries.length;
    this.#hashes = new Int32Array(places);
    this.#entries = Array.from({ length: places });
    for (const [i, entry] of entries.entries()) {
      if (!entry) continue;
      const hash = hashes[i] ?? 0;
      for (let probe = 0; probe < KNOWN_LABELS_LIMITS.probes; probe++) {
        const place = (hash + probe) & (places - 1);
        if (this.#entries[place]) continue;
        this.#hashes[place] = hash;
        this.#entries[place] = entry;
        break; // one without a place is read again when it comes
      }
    }
  }
}

/** Whether these labels stand at `from`; the caller knows that so many bytes are there. */
export function labelsAt({ words, start, tail, length }: KnownLabels, view: DataView, from: number): boolean {
  const end = start + (length >>> 2);
  for (let i = start, at = from; i < end; i++, at += 4) {
    if (view.getInt32(at, true) !== words[i]) return false;
  }
  return view.getInt32(from + length - 4, true) === tail;
}

const NO_WORDS = new Int32Array(0);

/** A length of -1 stands nowhere: such an entry predicts nothing. */
function unremembered(meaning: LabelMeaning): KnownLabels {
  return { length: -1, words: NO_WORDS, start: 0, tail: 0, series: meaning.series, fault: meaning.fault, next: undefined };
}

function hashBytes(view: DataView, from: number, end: number, seed: number): number {
  let hash = seed;
  let at = from;
  for (; at + 4 <= end; at += 4) {
    let word = Math.imul(view.getUint32(at, true), 0xcc9e2d51);
    word = (word << 15) | (word >>> 17);
    hash ^= Math.imul(word, 0x1b873593);
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  }
  for (; at < end; at++) hash = Math.imul(hash ^ view.getUint8(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16) ^ (end - from), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
