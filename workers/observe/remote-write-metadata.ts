import type { MetricType } from "../../contract/metric-extras.ts";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import type { IngestBatch } from "./ingest-batch.ts";
import { type ProtobufReader, WIRE } from "./protobuf.ts";

// MetricMetadata { MetricType type = 1; string metric_family_name = 2; string help = 4; string unit = 5 }
const TYPE = (1 << 3) | WIRE.varint;
const NAME = (2 << 3) | WIRE.bytes;
const HELP = (4 << 3) | WIRE.bytes;
const UNIT = (5 << 3) | WIRE.bytes;

/** By the number of the enum: unknown, counter, gauge, histogram, gauge histogram, summary, info, state set. */
const TYPES: readonly MetricType[] = ["unknown", "counter", "gauge", "histogram", "histogram", "summary", "gauge", "gauge"];
const UNIT_CHARS = 63;

/** Hands what a metric is to the batch. A help text that is too long is cut, a name that is too long belongs to no series. */
export function readMetadata(reader: ProtobufReader, batch: IngestBatch): void {
  const outer = reader.enter();
  let [type, metric, help, unit] = [0, "", "", ""];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === TYPE) type = reader.uint32();
    else if (tag === NAME) metric = reader.text();
    else if (tag === HELP) help = reader.text();
    else if (tag === UNIT) unit = reader.text();
    else reader.skip(tag);
  }
  reader.leave(outer);
  if (metric === "" || metric.length > METRIC_LIMITS.metricChars) return;
  batch.metadata({ metric, type: TYPES[type] ?? "unknown", unit: unit.slice(0, UNIT_CHARS), help: help.slice(0, METRIC_LIMITS.helpChars) });
}
