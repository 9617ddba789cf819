import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { type TimeWindow, timestampFault } from "../../contract/metric-samples.ts";
import type { IngestBatch } from "./ingest-batch.ts";
import { type KnownText, type KnownTexts, matchesAt } from "./known-texts.ts";
import { NumberScanner } from "./scan-numbers.ts";

const encoder = new TextEncoder();
const BATCH_ID = encoder.encode('"batchId":"');
const SAMPLES = encoder.encode('"samples":[');
const VALUE = encoder.encode(',"value":');
const NULL = encoder.encode("null");

/**
 * Reads a batch written the way `JSON.stringify` writes it, with the fields of each sample in the contract's order,
 * straight from its bytes: series are recognised by their raw text, numbers are read in place, and no object is made per
 * sample. Anything else, and every fault but a time out of range, is left to the general way.
 * @returns the batch id, or undefined when the body is not of this form; the batch may then hold a part and must be dropped
 */
export function scanBatch(
  bytes: Uint8Array,
  window: TimeWindow,
  texts: KnownTexts,
  batch: IngestBatch,
): { batchId: string | undefined } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const numbers = new NumberScanner(bytes);
  if (bytes[0] !== 0x7b) return undefined;
  let at = 1;
  let batchId: string | undefined;
  if (standsAt(BATCH_ID, bytes, at)) {
    batchId = plainText(bytes, at + BATCH_ID.length);
    if (batchId === undefined) return undefined;
    at += BATCH_ID.length + batchId.length + 1;
    if (bytes[at++] !== 0x2c) return undefined;
  }
  if (!standsAt(SAMPLES, bytes, at)) return undefined;
  at += SAMPLES.length;
  let previous: KnownText | undefined;
  for (let index = 0; ; index++) {
    if (index === METRIC_LIMITS.samples) return undefined;
    let text: KnownText | undefined = previous?.next;
    if (!text || !matchesAt(text, bytes, view, at)) {
      text = texts.find(bytes, view, at);
      if (!text) return undefined;
      if (previous) previous.next = text;
    }
    previous = text;
    at += text.length;
    const atMs = numbers.whole(at);
    at = numbers.end;
    if (Number.isNaN(atMs) || !standsAt(VALUE, bytes, at)) return undefined;
    at += VALUE.length;
    let value: number | null = null;
    if (standsAt(NULL, bytes, at)) at += NULL.length;
    else {
      value = numbers.number(at);
      if (!Number.isFinite(value)) return undefined;
      at = numbers.end;
    }
    if (bytes[at++] !== 0x7d) return undefined;
    if (atMs >= window.oldestMs && atMs <= window.newestMs) batch.add(index, text.series, atMs, value);
    else {
      const fault = timestampFault(atMs, window);
      if (fault) batch.reject({ index, ...fault }, () => text.series.key);
    }
    const separator = bytes[at++];
    if (separator === 0x5d) break;
    if (separator !== 0x2c) return undefined;
  }
  if (bytes[at++] !== 0x7d) return undefined;
  for (; at < bytes.length; at++) {
    const code = bytes[at];
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return undefined;
  }
  return { batchId };
}

/** A string without escapes and in ASCII, from here to its closing quote; undefined when it is none, empty or too long. */
function plainText(bytes: Uint8Array, from: number): string | undefined {
  let text = "";
  for (let at = from; at <= from + METRIC_LIMITS.batchIdChars; at++) {
    const code = bytes[at] ?? 0;
    if (code === 0x22) return text === "" ? undefined : text;
    if (code < 0x20 || code > 0x7e || code === 0x5c) return undefined;
    text += String.fromCharCode(code);
  }
  return undefined;
}

function standsAt(expected: Uint8Array, bytes: Uint8Array, from: number): boolean {
  for (let i = 0; i < expected.length; i++) {
    if (bytes[from + i] !== expected[i]) return false;
  }
  return true;
}
