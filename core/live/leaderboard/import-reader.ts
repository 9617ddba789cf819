import { LEADERBOARD_LIMITS as L } from "../../../contract/leaderboard-limits.ts";
import type { ImportLine } from "../../../contract/leaderboard-scores.ts";
import { parseJson } from "./batch-reader.ts";
import { readImportLine } from "./score-reader.ts";

/** A line of an import that is not empty: a score, or why it is none. */
export type ReadLine = {
  /** From 1. */
  readonly line: number;
} & ({ readonly ok: true; readonly score: ImportLine } | { readonly ok: false; readonly detail: string });

const LINE_FEED = 0x0a;

/** NDJSON, line by line; never all lines at once, because eight million empty ones fit into a body. */
export class ImportReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #line = 0;

  /** @param afterLine lines up to this one were read before and are passed over */
  constructor(bytes: Uint8Array, afterLine = 0) {
    this.#bytes = bytes;
    while (this.#line < afterLine && this.#next() !== undefined);
  }

  /** How many lines were read. */
  get line(): number {
    return this.#line;
  }

  /** The next line that is not empty, or undefined at the end. */
  read(): ReadLine | undefined {
    for (let bytes = this.#next(); bytes !== undefined; bytes = this.#next()) {
      if (isBlank(bytes)) continue;
      return { line: this.#line, ...readLine(bytes) };
    }
    return undefined;
  }

  #next(): Uint8Array | undefined {
    if (this.#at >= this.#bytes.length) return undefined;
    const feed = this.#bytes.indexOf(LINE_FEED, this.#at);
    const end = feed < 0 ? this.#bytes.length : feed;
    const line = this.#bytes.subarray(this.#at, end);
    this.#at = end + 1;
    this.#line += 1;
    return line;
  }
}

function readLine(bytes: Uint8Array): { ok: true; score: ImportLine } | { ok: false; detail: string } {
  if (bytes.byteLength > L.importLineBytes) return { ok: false, detail: `The line has more than ${L.importLineBytes} bytes.` };
  const json = parseJson(bytes);
  if (!json.ok) return { ok: false, detail: "The line is not a JSON object in UTF-8." };
  const read = readImportLine(json.value);
  return read.ok ? read : { ok: false, detail: `${read.fault.pointer || "/"}: ${read.fault.detail}.` };
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
