import { decodeBatch, DEFINED } from "../../contract/metric-batch.ts";
import { type BatchExtras, readExtras } from "../../contract/metric-extras.ts";
import { acceptedWindow } from "../../contract/metric-samples.ts";
import { type OtlpRequest, readOtlp } from "./otlp-read.ts";
import { ProtobufWriter } from "./remote-write-testing.ts";
import { TenantSeries } from "./series-cache.ts";

/** OTLP's JSON, as far as tests write it. Integers of 64 bits are numbers or texts. */
export type Int = number | string;
export interface TestAny {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: Int;
  readonly doubleValue?: number | "NaN" | "Infinity" | "-Infinity";
  readonly arrayValue?: { readonly values: readonly TestAny[] };
  readonly kvlistValue?: { readonly values: readonly TestAttribute[] };
  readonly bytesValue?: string;
}
export interface TestAttribute {
  readonly key: string;
  readonly value: TestAny;
}
export interface TestExemplar {
  readonly timeUnixNano?: Int;
  readonly asDouble?: number;
  readonly asInt?: Int;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly filteredAttributes?: readonly TestAttribute[];
}
interface TestRun {
  readonly offset?: number;
  readonly bucketCounts?: readonly Int[];
}
export interface TestPoint {
  readonly attributes?: readonly TestAttribute[];
  readonly startTimeUnixNano?: Int;
  readonly timeUnixNano?: Int;
  readonly flags?: number;
  readonly exemplars?: readonly TestExemplar[];
  readonly asDouble?: number | "NaN" | "Infinity" | "-Infinity";
  readonly asInt?: Int;
  readonly count?: Int;
  readonly sum?: number;
  readonly bucketCounts?: readonly Int[];
  readonly explicitBounds?: readonly number[];
  readonly scale?: number;
  readonly zeroCount?: Int;
  readonly zeroThreshold?: number;
  readonly positive?: TestRun;
  readonly negative?: TestRun;
  readonly quantileValues?: readonly { readonly quantile: number; readonly value: number }[];
}
interface TestData {
  readonly dataPoints: readonly TestPoint[];
  readonly aggregationTemporality?: number;
  readonly isMonotonic?: boolean;
}
export interface TestMetric {
  readonly name: string;
  readonly description?: string;
  readonly unit?: string;
  readonly gauge?: TestData;
  readonly sum?: TestData;
  readonly histogram?: TestData;
  readonly exponentialHistogram?: TestData;
  readonly summary?: TestData;
}
export interface TestRequest {
  readonly resourceMetrics: readonly {
    readonly resource?: { readonly attributes: readonly TestAttribute[] };
    readonly scopeMetrics: readonly { readonly metrics: readonly TestMetric[] }[];
  }[];
}

/** Texts and numbers as attributes. */
export function attributes(values: Readonly<Record<string, string | number | boolean>>): TestAttribute[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value:
      typeof value === "string"
        ? { stringValue: value }
        : typeof value === "boolean"
          ? { boolValue: value }
          : Number.isInteger(value)
            ? { intValue: value }
            : { doubleValue: value },
  }));
}

/** Epoch milliseconds as OTLP's JSON has times. */
export function nanos(atMs: number): string {
  return `${atMs}000000`;
}

/** A request of one resource. */
export function requestOf(metrics: readonly TestMetric[], resource: Readonly<Record<string, string | number | boolean>> = {}): TestRequest {
  return { resourceMetrics: [{ resource: { attributes: attributes(resource) }, scopeMetrics: [{ metrics }] }] };
}

function fixed(value: Int): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, BigInt(value)), true);
  return bytes;
}

function writeAny(into: ProtobufWriter, value: TestAny): void {
  if (value.stringValue !== undefined) into.text(1, value.stringValue);
  if (value.boolValue !== undefined) into.varint(2, value.boolValue ? 1 : 0);
  if (value.intValue !== undefined) into.varint(3, BigInt(value.intValue));
  if (value.doubleValue !== undefined) into.double(4, Number(value.doubleValue));
  if (value.arrayValue) {
    const { values } = value.arrayValue;
    into.message(5, (list) => values.forEach((item) => list.message(1, (inner) => writeAny(inner, item))));
  }
  if (value.kvlistValue) {
    const { values } = value.kvlistValue;
    into.message(6, (list) => writeAttributes(list, 1, values));
  }
  if (value.bytesValue !== undefined)
    into.bytes(
      7,
      Uint8Array.from(atob(value.bytesValue), (char) => char.charCodeAt(0)),
    );
}

function writeAttributes(into: ProtobufWriter, field: number, list: readonly TestAttribute[] = []): void {
  for (const { key, value } of list) into.message(field, (pair) => pair.text(1, key).message(2, (any) => writeAny(any, value)));
}

function hexBytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function writeExemplars(into: ProtobufWriter, field: number, list: readonly TestExemplar[] = []): void {
  for (const one of list) {
    into.message(field, (inner) => {
      inner.double(2, fixed(one.timeUnixNano ?? 0));
      if (one.asDouble !== undefined) inner.double(3, one.asDouble);
      if (one.spanId !== undefined) inner.bytes(4, hexBytes(one.spanId));
      if (one.traceId !== undefined) inner.bytes(5, hexBytes(one.traceId));
      if (one.asInt !== undefined) inner.double(6, fixed(one.asInt));
      writeAttributes(inner, 7, one.filteredAttributes);
    });
  }
}

/** Field numbers that differ from kind to kind. */
const FIELDS = {
  gauge: { data: 5, attributes: 7, exemplars: 5, flags: 8 },
  sum: { data: 7, attributes: 7, exemplars: 5, flags: 8 },
  histogram: { data: 9, attributes: 9, exemplars: 8, flags: 10 },
  exponentialHistogram: { data: 10, attributes: 1, exemplars: 11, flags: 10 },
  summary: { data: 11, attributes: 7, exemplars: 0, flags: 8 },
} as const;
type Kind = keyof typeof FIELDS;
const KINDS = Object.keys(FIELDS) as Kind[]; // the keys of a const object are its key type

function writeRun(into: ProtobufWriter, field: number, run: TestRun | undefined): void {
  if (!run) return;
  into.message(field, (inner) => {
    if (run.offset !== undefined) inner.sint(1, run.offset);
    // As lists of old writers are: not packed.
    for (const count of run.bucketCounts ?? []) inner.varint(2, BigInt(count));
  });
}

function writePoint(into: ProtobufWriter, kind: Kind, point: TestPoint): void {
  const fields = FIELDS[kind];
  writeAttributes(into, fields.attributes, point.attributes);
  if (point.startTimeUnixNano !== undefined) into.double(2, fixed(point.startTimeUnixNano));
  if (point.timeUnixNano !== undefined) into.double(3, fixed(point.timeUnixNano));
  if (kind === "gauge" || kind === "sum") {
    if (point.asDouble !== undefined) into.double(4, Number(point.asDouble));
    if (point.asInt !== undefined) into.double(6, fixed(point.asInt));
  } else {
    if (point.count !== undefined) into.double(4, fixed(point.count));
    if (point.sum !== undefined) into.double(5, point.sum);
  }
  if (kind === "histogram") {
    if (point.bucketCounts)
      into.bytes(
        6,
        point.bucketCounts.flatMap((count) => [...fixed(count)]),
      );
    if (point.explicitBounds) into.packedDoubles(7, point.explicitBounds);
  }
  if (kind === "exponentialHistogram") {
    if (point.scale !== undefined) into.sint(6, point.scale);
    if (point.zeroCount !== undefined) into.double(7, fixed(point.zeroCount));
    writeRun(into, 8, point.positive);
    writeRun(into, 9, point.negative);
    if (point.zeroThreshold !== undefined) into.double(14, point.zeroThreshold);
  }
  for (const { quantile, value } of point.quantileValues ?? []) into.message(6, (inner) => inner.double(1, quantile).double(2, value));
  if (fields.exemplars > 0) writeExemplars(into, fields.exemplars, point.exemplars);
  if (point.flags !== undefined) into.varint(fields.flags, point.flags);
}

/** The request in protobuf. */
export function encodeOtlp(request: TestRequest): Uint8Array<ArrayBuffer> {
  const writer = new ProtobufWriter();
  for (const { resource, scopeMetrics } of request.resourceMetrics) {
    writer.message(1, (one) => {
      if (resource) one.message(1, (inner) => writeAttributes(inner, 1, resource.attributes));
      for (const { metrics } of scopeMetrics) {
        one.message(2, (scope) => metrics.forEach((metric) => scope.message(2, (inner) => writeMetric(inner, metric))));
      }
    });
  }
  return writer.done();
}

function writeMetric(into: ProtobufWriter, metric: TestMetric): void {
  into
    .text(1, metric.name)
    .text(2, metric.description ?? "")
    .text(3, metric.unit ?? "");
  for (const kind of KINDS) {
    const data = metric[kind];
    if (!data) continue;
    into.message(FIELDS[kind].data, (inner) => {
      for (const point of data.dataPoints) inner.message(1, (one) => writePoint(one, kind, point));
      if (data.aggregationTemporality !== undefined) inner.varint(2, data.aggregationTemporality);
      if (data.isMonotonic !== undefined) inner.varint(3, data.isMonotonic ? 1 : 0);
    });
  }
}

export const NOON = Date.parse("2026-11-20T12:00:00.000Z");

/** What a request became: each sample as series, milliseconds after noon, and value. */
export interface Mapped {
  readonly samples: readonly (readonly [key: string, at: number, value: string])[];
  readonly rejected: readonly (readonly [index: number, reason: string])[];
  readonly extras: BatchExtras;
}

/** Reads a request that must be one. */
export function read(
  body: TestRequest | Uint8Array,
  form: "json" | "protobuf" = "json",
  tenant = new TenantSeries(),
  now = NOON,
): OtlpRequest {
  const bytes = body instanceof Uint8Array ? body : form === "json" ? new TextEncoder().encode(JSON.stringify(body)) : encodeOtlp(body);
  const outcome = readOtlp(bytes, form, acceptedWindow(now), tenant);
  if (!outcome.ok) throw new Error(outcome.problem.detail);
  return outcome.value;
}

export function mappedOf({ batch }: OtlpRequest, now = NOON): Mapped {
  const view = decodeBatch(batch.encode(false).bytes);
  if (!view) throw new Error("the encoded batch cannot be decoded");
  const values = new Float64Array(view.valueBits.buffer, view.valueBits.byteOffset, view.count);
  const samples = Array.from({ length: view.count }, (_, i) => {
    const stale = view.valueBits[2 * i] === 2 && view.valueBits[2 * i + 1] === 0x7ff00000;
    const key = view.definitions[(view.series[i] ?? 0) - DEFINED] ?? "";
    return [key, view.baseMs + (view.offsetsMs[i] ?? 0) - now, stale ? "stale" : String(values[i])] as const;
  });
  return { samples, rejected: batch.rejected.map(({ index, reason }) => [index, reason] as const), extras: readExtras(view) ?? {} };
}

/** Reads a request and shows what it became, series as `name{label=value}`. */
export function samplesOf(body: TestRequest, tenant?: TenantSeries): (readonly [series: string, at: number, value: string])[] {
  return mappedOf(read(body, "json", tenant)).samples.map(([key, at, value]) => [seriesText(key), at, value] as const);
}

export function seriesText(key: string): string {
  const [name, ...rest] = JSON.parse(key) as string[]; // a series key is a list of texts
  const labels: string[] = [];
  for (let i = 0; i < rest.length; i += 2) labels.push(`${rest[i]}=${rest[i + 1]}`);
  return labels.length === 0 ? `${name}` : `${name}{${labels.join(",")}}`;
}
