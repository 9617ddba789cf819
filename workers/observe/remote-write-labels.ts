import { LABEL_NAME_PATTERN, METRIC_LIMITS } from "../../contract/metric-limits.ts";
import type { LabelFault, LabelMeaning } from "./known-labels.ts";
import { type ProtobufReader, WIRE } from "./protobuf.ts";
import type { TenantSeries } from "./series-cache.ts";

/** A label pair. */
export type Pair = readonly [name: string, value: string];

const NAME_LABEL = "__name__";
const NAME = (1 << 3) | WIRE.bytes;
const VALUE = (2 << 3) | WIRE.bytes;

/** Reads one `Label { name = 1; value = 2 }` that begins at the reader. */
export function readPair(reader: ProtobufReader): Pair {
  const outer = reader.enter();
  let name = "";
  let value = "";
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === NAME) name = reader.text();
    else if (tag === VALUE) value = reader.text();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return [name, value];
}

/** The series that label pairs name, or the first fault in them. Their order does not matter. */
export function meaningOf(pairs: readonly Pair[], tenant: TenantSeries): LabelMeaning {
  let metric: string | undefined;
  const labels: Record<string, string> = {};
  let count = 0;
  for (const [name, value] of pairs) {
    if (name === NAME_LABEL) {
      if (metric !== undefined) return { fault: twice(name) };
      metric = value;
      continue;
    }
    const fault = faultOf(name, value);
    if (fault) return { fault };
    if (Object.hasOwn(labels, name)) return { fault: twice(name) };
    labels[name] = value;
    if (++count > METRIC_LIMITS.labels) {
      return { fault: { reason: "too-many-labels", detail: `the series has more than ${METRIC_LIMITS.labels} labels; drop some` } };
    }
  }
  if (metric === undefined || metric === "") return { fault: { reason: "metric-missing", detail: "the series has no label __name__" } };
  if (metric.length > METRIC_LIMITS.metricChars) {
    const detail = `the metric's name has ${metric.length} characters; at most ${METRIC_LIMITS.metricChars}`;
    return { fault: { reason: "metric-too-long", detail } };
  }
  return { series: tenant.find(metric, labels) };
}

function faultOf(name: string, value: string): LabelFault | undefined {
  if (name.length > METRIC_LIMITS.labelNameChars) {
    const detail = `label name \`${clip(name)}\` has ${name.length} characters; at most ${METRIC_LIMITS.labelNameChars}`;
    return { reason: "label-name-too-long", detail };
  }
  if (!LABEL_NAME_PATTERN.test(name)) {
    const detail = `label name \`${clip(name)}\` may hold letters, digits and _, not start with a digit, and not start with __`;
    return { reason: "label-name-invalid", detail };
  }
  if (value.length > METRIC_LIMITS.labelValueChars) {
    const detail = `label \`${clip(name)}\` has ${value.length} characters; at most ${METRIC_LIMITS.labelValueChars}`;
    return { reason: "label-value-too-long", detail };
  }
  return undefined;
}

function twice(name: string): LabelFault {
  return { reason: "labels-invalid", detail: `label \`${clip(name)}\` stands twice` };
}

function clip(name: string): string {
  return name.length > 60 ? `${name.slice(0, 60)}…` : name;
}

/** The labels between two positions, for people: `{__name__="up", job="x"}` as far as it can be read. */
export function showLabels(bytes: Uint8Array, from: number, end: number): string {
  // Frames become spaces; whatever is no text becomes the replacement character.
  return new TextDecoder()
    .decode(bytes.subarray(from, Math.min(end, from + 400)))
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim();
}
