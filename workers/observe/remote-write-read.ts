import { type TimeWindow, timestampFault } from "../../contract/metric-samples.ts";
import type { IngestBatch } from "./ingest-batch.ts";
import { type KnownLabels, labelsAt, type LabelMeaning, type LabelTable } from "./known-labels.ts";
import { MalformedProtobuf, ProtobufReader, WIRE } from "./protobuf.ts";
import { readExemplar } from "./remote-write-exemplar.ts";
import { readNativeHistogram } from "./remote-write-histogram.ts";
import { meaningOf, type Pair, readPair, showLabels } from "./remote-write-labels.ts";
import { readMetadata } from "./remote-write-metadata.ts";
import { RequestState } from "./remote-write-state.ts";

// Prometheus' `prometheus.WriteRequest`, version 1.0 (https://prometheus.io/docs/specs/prw/remote_write_spec/) with the exemplars and
// histograms that its senders add (prompb/types.proto of prometheus/prometheus). The field numbers:
const SERIES = (1 << 3) | WIRE.bytes;
const METADATA = (3 << 3) | WIRE.bytes;
const LABEL = (1 << 3) | WIRE.bytes;
const SAMPLE = (2 << 3) | WIRE.bytes;
const EXEMPLAR = (3 << 3) | WIRE.bytes;
const HISTOGRAM = (4 << 3) | WIRE.bytes;
const VALUE = (1 << 3) | WIRE.fixed64;
const TIMESTAMP = (2 << 3) | WIRE.varint;

/** A sample as senders write it now: a value, and a time between 2004 and 2109 in six bytes. */
const USUAL_SAMPLE_BYTES = 16;

/** The bits of four bytes of a varint that say that another follows. */
const CONTINUES = 0x80808080 | 0;

/**
 * Reads a request into the batch. Series are recognised by the raw bytes of their labels; nothing is made for one that is known.
 * @throws MalformedProtobuf when the bytes are no such request
 * @throws TooManySamples beyond `METRIC_LIMITS.foreignSamples`
 */
export function readWriteRequest(bytes: Uint8Array, window: TimeWindow, labels: LabelTable, batch: IngestBatch): void {
  const reader = new ProtobufReader(bytes);
  const state = new RequestState(window, batch);
  let previous: KnownLabels | undefined;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === SERIES) previous = readSeries(reader, previous, labels, state);
    else if (tag === METADATA) readMetadata(reader, batch);
    else reader.skip(tag);
  }
}

function readSeries(reader: ProtobufReader, previous: KnownLabels | undefined, labels: LabelTable, state: RequestState): KnownLabels {
  const outer = reader.enter();
  const from = reader.at;
  const next = previous?.next;
  let known = next;
  if (next && standsAt(next, reader)) reader.at = from + next.length;
  else {
    known = labels.find(reader.view, from, endOfLabels(reader), () => readMeaning(reader, from, state.batch));
    if (previous) previous.next = known;
  }
  const found = known as KnownLabels; // one of the two ways has set it
  while (reader.at < reader.end) {
    if (!readUsualSample(reader, found, state)) readField(reader, from, found, state);
  }
  reader.leave(outer);
  return found;
}

/** Whether the labels at the reader are these and no more. */
function standsAt(labels: KnownLabels, { bytes, view, at, end }: ProtobufReader): boolean {
  const behind = at + labels.length;
  return labels.length >= 0 && behind <= end && (behind === end || bytes[behind] !== LABEL) && labelsAt(labels, view, at);
}

/** Takes a sample of the usual form, in place. @returns false when it is of another, or refused: nothing was read then */
function readUsualSample(reader: ProtobufReader, { series }: KnownLabels, state: RequestState): boolean {
  const { bytes, view, at, end } = reader;
  if (
    series === undefined ||
    bytes[at] !== SAMPLE ||
    bytes[at + 1] !== USUAL_SAMPLE_BYTES ||
    at + 2 + USUAL_SAMPLE_BYTES > end ||
    bytes[at + 2] !== VALUE ||
    bytes[at + 11] !== TIMESTAMP
  ) {
    return false;
  }
  const word = view.getInt32(at + 12, true);
  const rest = view.getUint16(at + 16, true);
  // Every byte but the last says that another follows.
  if ((word & CONTINUES) !== CONTINUES || (rest & 0x8080) !== 0x80) return false;
  const low = (word & 0x7f) | ((word >>> 1) & 0x3f80) | ((word >>> 2) & 0x1fc000) | ((word >>> 3) & 0xfe00000);
  const atMs = low + ((rest & 0x7f) | ((rest >>> 1) & 0x3f80)) * 0x10000000;
  const { window } = state;
  if (!(atMs >= window.oldestMs && atMs <= window.newestMs)) return false;
  state.batch.addBits(state.nextIndex(), series, atMs, view.getUint32(at + 3, true), view.getUint32(at + 7, true));
  reader.at = at + 2 + USUAL_SAMPLE_BYTES;
  return true;
}

function readField(reader: ProtobufReader, labelsFrom: number, known: KnownLabels, state: RequestState): void {
  const tag = reader.tag();
  switch (tag) {
    case SAMPLE:
      return readSample(reader, labelsFrom, known, state);
    case EXEMPLAR:
      return readExemplar(reader, known, state);
    case HISTOGRAM:
      return readNativeHistogram(reader, known, state);
    case LABEL:
      // Every encoder writes the fields in order; reading this one as a series of its own would be worse than refusing it.
      throw new MalformedProtobuf("a series whose labels stand behind its samples");
    default:
      reader.skip(tag);
  }
}

function readSample(reader: ProtobufReader, labelsFrom: number, meaning: KnownLabels, state: RequestState): void {
  const outer = reader.enter();
  let [low, high, atMs] = [0, 0, 0];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === VALUE) {
      reader.fixed64();
      ({ low, high } = reader);
    } else if (tag === TIMESTAMP) atMs = reader.int64();
    else reader.skip(tag);
  }
  reader.leave(outer);
  const index = state.nextIndex();
  const fault = meaning.fault ?? timestampFault(atMs, state.window);
  if (fault) state.batch.reject({ index, ...fault }, () => showLabels(reader.bytes, labelsFrom, outer));
  else if (meaning.series) state.batch.addBits(index, meaning.series, atMs, low, high);
}

/** Reads over the labels at the reader. @returns where they end */
function endOfLabels(reader: ProtobufReader): number {
  while (reader.at < reader.end && reader.bytes[reader.at] === LABEL) {
    reader.at++;
    const outer = reader.enter();
    reader.leave(outer);
  }
  return reader.at;
}

/** What the labels say that end at the reader. */
function readMeaning({ bytes, at }: ProtobufReader, from: number, batch: IngestBatch): LabelMeaning {
  const reader = new ProtobufReader(bytes, from, at);
  const pairs: Pair[] = [];
  while (reader.tag() !== 0) pairs.push(readPair(reader));
  return meaningOf(pairs, batch.tenant);
}
