import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import type { KnownLabels } from "./known-labels.ts";
import { type ProtobufReader, WIRE } from "./protobuf.ts";
import { type Pair, readPair } from "./remote-write-labels.ts";
import type { RequestState } from "./remote-write-state.ts";

// Exemplar { repeated Label labels = 1; double value = 2; int64 timestamp = 3 }
const LABEL = (1 << 3) | WIRE.bytes;
const VALUE = (2 << 3) | WIRE.fixed64;
const TIMESTAMP = (3 << 3) | WIRE.varint;

/** As client libraries name them (https://github.com/OpenObservability/OpenMetrics/blob/main/specification/OpenMetrics.md#exemplars). */
const TRACE_NAMES = ["trace_id", "traceID", "traceId"] as const;
const SPAN_NAMES = ["span_id", "spanID", "spanId"] as const;
const TRACE_CHARS = 64;
const SPAN_CHARS = 32;

/** Takes an exemplar, unless its series, time or size is refused: an exemplar is a hint, and no sample is lost with it. */
export function readExemplar(reader: ProtobufReader, { series }: KnownLabels, { window, batch }: RequestState): void {
  const outer = reader.enter();
  const pairs: Pair[] = [];
  let value = 0;
  let at = 0;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === LABEL) pairs.push(readPair(reader));
    else if (tag === VALUE) value = reader.double();
    else if (tag === TIMESTAMP) at = reader.int64();
    else reader.skip(tag);
  }
  reader.leave(outer);
  const chars = pairs.reduce((sum, [name, text]) => sum + name.length + text.length, 0);
  if (!series || chars > METRIC_LIMITS.exemplarLabelsChars || !(at >= window.oldestMs && at <= window.newestMs)) return;
  const traceId = take(pairs, TRACE_NAMES, TRACE_CHARS);
  const spanId = take(pairs, SPAN_NAMES, SPAN_CHARS);
  batch.exemplar(series, { at, value, traceId, spanId, labels: Object.fromEntries(pairs) });
}

/** Takes a label out of the pairs; empty when there is none. */
function take(pairs: Pair[], names: readonly string[], maxChars: number): string {
  const place = pairs.findIndex(([name, value]) => names.includes(name) && value.length <= maxChars);
  return place < 0 ? "" : (pairs.splice(place, 1)[0]?.[1] ?? "");
}
