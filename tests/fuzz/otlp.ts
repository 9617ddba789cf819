import {
  mappedOf,
  NOON,
  nanos,
  read,
  encodeOtlp,
  type TestAny,
  type TestAttribute,
  type TestExemplar,
  type TestMetric,
  type TestPoint,
  type TestRequest,
} from "../../workers/observe/otlp-testing.ts";
import { acceptedWindow } from "../../contract/metric-samples.ts";
import { readOtlp } from "../../workers/observe/otlp-read.ts";
import { TenantSeries } from "../../workers/observe/series-cache.ts";
import { bent, mulberry, pick, type Random } from "../lib/random.ts";

export interface OtlpFuzzReport {
  readonly runs: number;
  /** Samples and refusals of whole requests: a run of refusals alone would prove little. */
  readonly samples: number;
  readonly rejected: number;
  /** Bent bodies that were read all the same, and those that were refused. */
  readonly taken: number;
  readonly refused: number;
}

/**
 * Fuzzes both readers of OTLP: makes requests of every kind, asks that protobuf and JSON give the same batch, then bends the bytes of
 * each and asks that nothing is thrown. One tenant's series live through the run, as they do in an isolate.
 * @throws with seed and run when a request breaks a promise
 */
export function fuzz(seed: number, runs: number): OtlpFuzzReport {
  const random = mulberry(seed);
  const [first, second, bentTenant] = [new TenantSeries(), new TenantSeries(), new TenantSeries()];
  const report = { runs, samples: 0, rejected: 0, taken: 0, refused: 0 };
  for (let run = 0; run < runs; run++) {
    const request = makeRequest(random);
    try {
      const fromJson = mappedOf(read(request, "json", first));
      const fromProtobuf = mappedOf(read(request, "protobuf", second));
      same(fromJson, fromProtobuf);
      report.samples += fromJson.samples.length;
      report.rejected += fromJson.rejected.length;
      for (const form of ["json", "protobuf"] as const) {
        const bytes = form === "json" ? new TextEncoder().encode(JSON.stringify(request)) : encodeOtlp(request);
        const outcome = readOtlp(bent(bytes, random), form, acceptedWindow(NOON), bentTenant);
        if (outcome.ok) report.taken++;
        else report.refused++;
      }
    } catch (error) {
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
      throw new Error(`seed ${seed}, run ${run}: ${what}\n${JSON.stringify(request).slice(0, 2_000)}`, { cause: error });
    }
  }
  return report;
}

function same(a: unknown, b: unknown): void {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  if (left !== right) throw new Error(`JSON gives ${left.slice(0, 900)} and protobuf ${right.slice(0, 900)}`);
}

function some<T>(random: Random, most: number, make: () => T): T[] {
  return Array.from({ length: Math.floor(random() * (most + 1)) }, make);
}

const NAMES = [
  "host",
  "service.name",
  "service.instance.id",
  "a.b",
  "a_b",
  "le",
  "quantile",
  "9x",
  "__temporality__",
  "ü",
  "",
  "n".repeat(101),
] as const;

function makeAny(random: Random, depth = 0): TestAny {
  const kind = Math.floor(random() * (depth < 3 ? 8 : 6));
  if (kind === 0) return { boolValue: random() < 0.5 };
  if (kind === 1) return { intValue: pick(random, ["0", "-1", "9007199254740993", "-9223372036854775808", 17, -5]) };
  if (kind === 2) return { doubleValue: pick(random, [0.1, -0, 1e300, 5, "NaN", "Infinity", "-Infinity"]) };
  if (kind === 3) return { bytesValue: pick(random, ["", "AAEC", "/+8="]) };
  if (kind === 4) return {};
  if (kind === 6) return { arrayValue: { values: some(random, 3, () => makeAny(random, depth + 1)) } };
  if (kind === 7)
    return { kvlistValue: { values: some(random, 3, () => ({ key: pick(random, NAMES), value: makeAny(random, depth + 1) })) } };
  return { stringValue: pick(random, ["GET", "", "ä\u{1f600}", '"', "x".repeat(1_025), "eu"]) };
}

function makeAttributes(random: Random): TestAttribute[] {
  return some(random, 4, () => ({ key: random() < 0.5 ? pick(random, NAMES.slice(0, 9)) : pick(random, NAMES), value: makeAny(random) }));
}

function makeTime(random: Random): number | string {
  const at = NOON - Math.floor(random() * 3_000_000);
  return pick(random, [nanos(at), `${at}999999`, nanos(at), nanos(NOON - 90_000_000), nanos(NOON + 700_000), "0", 0]);
}

function makeExemplar(random: Random): TestExemplar {
  return {
    timeUnixNano: makeTime(random),
    ...(random() < 0.5 ? { asDouble: random() * 10 } : { asInt: Math.floor(random() * 10) }),
    traceId: pick(random, ["", "0".repeat(32), "5b8efff798038103d269b633813fc60c", "abcd"]),
    spanId: pick(random, ["", "eee19b7ec3c1b174"]),
    filteredAttributes: makeAttributes(random),
  };
}

const double = (random: Random): number => pick(random, [0, -0, 1.5, random() * 1e6, -1e-300, 1.7e308]);
const count = (random: Random): number | string => pick(random, [0, 3, "7", "18446744073709551615", Math.floor(random() * 1e9)]);

const KINDS = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"] as const;

function makePoint(random: Random, kind: (typeof KINDS)[number]): TestPoint {
  const common: TestPoint = {
    attributes: makeAttributes(random),
    timeUnixNano: random() < 0.8 ? nanos(NOON - Math.floor(random() * 1_000_000)) : makeTime(random),
    ...(random() < 0.6 ? { startTimeUnixNano: makeTime(random) } : {}),
    ...(random() < 0.2 ? { flags: Math.floor(random() * 3) } : {}),
  };
  const exemplars = kind === "summary" ? {} : { exemplars: some(random, 2, () => makeExemplar(random)) };
  const totals = { count: count(random), ...(random() < 0.8 ? { sum: double(random) } : {}) };
  const run = () => ({ offset: Math.floor(random() * 40) - 20, bucketCounts: some(random, 12, () => count(random)) });
  switch (kind) {
    case "histogram": {
      const explicitBounds = some(random, 4, () => Math.floor(random() * 1_000)).toSorted((a, b) => a - b);
      const length = explicitBounds.length + (random() < 0.9 ? 1 : 0);
      return { ...common, ...exemplars, ...totals, explicitBounds, bucketCounts: Array.from({ length }, () => count(random)) };
    }
    case "exponentialHistogram":
      return {
        ...common,
        ...exemplars,
        ...totals,
        scale: Math.floor(random() * 34) - 12,
        zeroCount: count(random),
        zeroThreshold: pick(random, [0, 1e-6, 1]),
        positive: run(),
        ...(random() < 0.5 ? { negative: run() } : {}),
      };
    case "summary":
      return { ...common, ...totals, quantileValues: some(random, 3, () => ({ quantile: random(), value: double(random) })) };
    case "gauge":
    case "sum": {
      const value = random();
      if (value < 0.05) return { ...common, ...exemplars };
      return { ...common, ...exemplars, ...(value < 0.5 ? { asDouble: double(random) } : { asInt: count(random) === "7" ? "-7" : 9 }) };
    }
  }
}

function makeMetric(random: Random): TestMetric {
  const kind = pick(random, KINDS);
  const dataPoints = some(random, 3, () => makePoint(random, kind));
  const aggregation = kind === "gauge" || kind === "summary" ? {} : { aggregationTemporality: pick(random, [0, 1, 2, 2]) };
  const monotonic = kind === "sum" ? { isMonotonic: random() < 0.7 } : {};
  return {
    name: pick(random, ["http.server.duration", "m", '"m"', "", "ä", "n".repeat(200)]),
    description: pick(random, ["", "What it is."]),
    unit: pick(random, ["", "ms"]),
    [kind]: { dataPoints, ...aggregation, ...monotonic },
  };
}

function makeRequest(random: Random): TestRequest {
  return {
    resourceMetrics: some(random, 2, () => ({
      ...(random() < 0.8 ? { resource: { attributes: makeAttributes(random) } } : {}),
      scopeMetrics: some(random, 2, () => ({ metrics: some(random, 3, () => makeMetric(random)) })),
    })),
  };
}
