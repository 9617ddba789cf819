import { idText } from "./otlp-numbers.ts";
import { type BucketRun, OTLP_LIMITS, type OtlpKind, type OtlpMetric, OtlpPoint, type OtlpVisitor } from "./otlp-point.ts";
import {
  attributesOf,
  boolAt,
  doubleAt,
  doubleOf,
  integerAt,
  integerOf,
  type JsonObject,
  listAt,
  MalformedOtlp,
  objectAt,
  textAt,
  timeAt,
} from "./otlp-json-values.ts";

/**
 * Reads an `ExportMetricsServiceRequest` after `JSON.parse`, as OTLP's own mapping has it (camelCase names, 64-bit integers as texts
 * or numbers, enums as integers, ids in hex; https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). Unknown fields are
 * passed over. The calls are those of `readOtlpProtobuf` for the same data.
 * @throws MalformedOtlp, with the place of what has the wrong shape
 */
export function readOtlpJson(body: unknown, visitor: OtlpVisitor): void {
  const reader = new JsonOtlp(visitor);
  try {
    reader.request(body);
  } catch (error) {
    if (error instanceof MalformedOtlp) throw new MalformedOtlp(`${error.message}, in ${reader.place}`);
    throw error;
  }
}

const DATA = [
  ["gauge", "gauge"],
  ["sum", "sum"],
  ["histogram", "histogram"],
  ["exponentialHistogram", "exponential"],
  ["summary", "summary"],
] as const satisfies readonly (readonly [string, OtlpKind])[];

/** No bytes of protobuf are spelled like this. */
const JSON_SPELLING = "\u0101";

class JsonOtlp {
  readonly #visitor: OtlpVisitor;
  /** The point that is being read. */
  #from: JsonObject = {};
  readonly #point = new OtlpPoint(() => attributesOf(this.#from, "attributes"));
  readonly #at = { resource: 0, scope: 0, metric: 0, point: 0 };

  constructor(visitor: OtlpVisitor) {
    this.#visitor = visitor;
  }

  /** Where the reader is. */
  get place(): string {
    const { resource, scope, metric, point } = this.#at;
    return `resourceMetrics[${resource}].scopeMetrics[${scope}].metrics[${metric}], point ${point}`;
  }

  request(body: unknown): void {
    for (const [resource, each] of listAt(objectAt(body, "the body"), "resourceMetrics").entries()) {
      this.#at.resource = resource;
      const one = objectAt(each, "resourceMetrics");
      if (!this.#visitor.resource(attributesOf(objectAt(one["resource"], "resource"), "attributes"))) return;
      for (const [scope, scoped] of listAt(one, "scopeMetrics").entries()) {
        this.#at.scope = scope;
        for (const [metric, entry] of listAt(objectAt(scoped, "scopeMetrics"), "metrics").entries()) {
          this.#at.metric = metric;
          if (!this.#metric(objectAt(entry, "metrics"))) return;
        }
      }
    }
  }

  /** @returns false: stop */
  #metric(entry: JsonObject): boolean {
    const held = DATA.find(([name]) => entry[name] !== undefined && entry[name] !== null);
    if (!held) return true; // a metric without points
    const [field, kind] = held;
    const data = objectAt(entry[field], field);
    const metric: OtlpMetric = {
      name: textAt(entry, "name"),
      description: textAt(entry, "description"),
      unit: textAt(entry, "unit"),
      kind,
      temporality: temporalityOf(data["aggregationTemporality"]),
      monotonic: boolAt(data, "isMonotonic"),
    };
    if (!this.#visitor.metric(metric)) return false;
    for (const [index, value] of listAt(data, "dataPoints").entries()) {
      this.#at.point = index;
      this.#point.clear();
      this.#read(kind, objectAt(value, "dataPoints"));
      if (!this.#visitor.point(this.#point)) return false;
    }
    this.#at.point = 0;
    return true;
  }

  #read(kind: OtlpKind, from: JsonObject): void {
    const point = this.#point;
    this.#from = from;
    point.spelling = JSON_SPELLING + JSON.stringify(from["attributes"] ?? []);
    point.startMs = timeAt(from, "startTimeUnixNano");
    point.atMs = timeAt(from, "timeUnixNano");
    point.flags = integerAt(from, "flags") ?? 0;
    if (kind !== "summary") this.#exemplars(from);
    switch (kind) {
      case "gauge":
      case "sum":
        point.value = doubleAt(from, "asDouble") ?? integerAt(from, "asInt");
        return;
      case "histogram":
        this.#totals(from);
        this.#numbers(from, "bucketCounts", integerOf, point.counts);
        this.#numbers(from, "explicitBounds", doubleOf, point.bounds);
        return;
      case "exponential":
        this.#totals(from);
        point.scale = integerAt(from, "scale") ?? 0;
        point.zeroCount = integerAt(from, "zeroCount") ?? 0;
        point.zeroThreshold = doubleAt(from, "zeroThreshold") ?? 0;
        this.#buckets(from, "positive", point.positive);
        this.#buckets(from, "negative", point.negative);
        return;
      case "summary":
        this.#totals(from);
        for (const value of listAt(from, "quantileValues")) {
          const one = objectAt(value, "quantileValues");
          this.#one(point.bounds, doubleAt(one, "quantile") ?? 0);
          this.#one(point.counts, doubleAt(one, "value") ?? 0);
        }
    }
  }

  #totals(from: JsonObject): void {
    this.#point.count = integerAt(from, "count") ?? 0;
    this.#point.sum = doubleAt(from, "sum");
  }

  #buckets(from: JsonObject, name: string, run: BucketRun): void {
    const buckets = objectAt(from[name], name);
    run.offset = integerAt(buckets, "offset") ?? 0;
    this.#numbers(buckets, "bucketCounts", integerOf, run.counts);
  }

  #numbers(from: JsonObject, name: string, read: (value: unknown, name: string) => number, into: number[]): void {
    for (const value of listAt(from, name)) this.#one(into, read(value, name));
  }

  #one(into: number[], value: number): void {
    if (into.length < OTLP_LIMITS.buckets) into.push(value);
    else this.#point.tooLong = true;
  }

  #exemplars(from: JsonObject): void {
    for (const value of listAt(from, "exemplars").slice(0, OTLP_LIMITS.exemplars)) {
      const one = objectAt(value, "exemplars");
      this.#point.exemplars.push({
        atMs: timeAt(one, "timeUnixNano"),
        value: doubleAt(one, "asDouble") ?? integerAt(one, "asInt") ?? Number.NaN,
        traceId: idText(textAt(one, "traceId"), 32),
        spanId: idText(textAt(one, "spanId"), 16),
        attributes: attributesOf(one, "filteredAttributes"),
      });
    }
  }
}

function temporalityOf(value: unknown): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw new MalformedOtlp("`aggregationTemporality` must be 1 (delta) or 2 (cumulative), as a number");
}
