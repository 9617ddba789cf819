import { readBatch, readLines, type Rejection, type SampleSink, type TimeWindow } from "../../contract/metric-samples.ts";
import { decodeBatch } from "../../contract/metric-batch.ts";
import { seriesKey } from "../../contract/metric-key.ts";
import { IngestBatch } from "../../workers/observe/ingest-batch.ts";
import { readSamples } from "../../workers/observe/read-samples.ts";
import { TenantSeries } from "../../workers/observe/series-cache.ts";
import { bent, mulberry, pick, type Random } from "../lib/random.ts";

const NOON = Date.parse("2026-11-20T12:00:00.000Z");
const WINDOW: TimeWindow = { oldestMs: NOON - 86_400_000, newestMs: NOON + 600_000 };
const encoder = new TextEncoder();

export interface FuzzReport {
  readonly runs: number;
  /** Bodies that were read as batches, and samples accepted and rejected in them: a run of refusals alone would prove little. */
  readonly batches: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly refused: number;
}

/**
 * Fuzzes the ingest body: makes batches, bends their text and bytes, and asks that nothing throws, that the way straight
 * from bytes agrees with `JSON.parse` and the plain validator to the last sample and reason, and that the encoded batch
 * decodes to what was accepted. One tenant's caches live through the whole run, as they do in an isolate.
 * @throws with seed and run when a body breaks a promise
 */
export function fuzz(seed: number, runs: number): FuzzReport {
  const random = mulberry(seed);
  const tenant = new TenantSeries();
  const report = { runs, batches: 0, accepted: 0, rejected: 0, refused: 0 };
  for (let run = 0; run < runs; run++) {
    const body = bytesOf(makeBody(random), random);
    const form = random() < 0.15 ? "lines" : "json";
    try {
      const batch = new IngestBatch(random() < 0.02 ? new TenantSeries() : tenant, 4);
      const read = readSamples(body, form, WINDOW, batch);
      const model = modelOf(body, form);
      same(read.ok, model !== undefined, "whether it is a batch");
      if (!read.ok || !model) {
        report.refused++;
        continue;
      }
      same(read.value.batchId, model.batchId, "batch id");
      same(batch.rejectedCount, model.rejected.length, "number of rejections");
      same(JSON.stringify(batch.rejected), JSON.stringify(model.rejected.slice(0, 100)), "rejections");
      same(JSON.stringify(decodedOf(batch)), JSON.stringify(model.accepted), "accepted samples");
      report.batches++;
      report.accepted += batch.count;
      report.rejected += batch.rejectedCount;
    } catch (error) {
      throw new Error(
        `seed ${seed}, run ${run}, ${form}: ${error instanceof Error ? error.message : String(error)}\n${new TextDecoder().decode(body).slice(0, 2_000)}`,
      );
    }
  }
  return report;
}

type Accepted = readonly [index: number, key: string, at: number, value: string];

/** What the plain way makes of a body; undefined when it is no batch. */
function modelOf(body: Uint8Array, form: string): { batchId: string | undefined; accepted: Accepted[]; rejected: Rejection[] } | undefined {
  const accepted: Accepted[] = [];
  const rejected: Rejection[] = [];
  const sink: SampleSink = {
    accept: (index, metric, labels, at, value) => void accepted.push([index, seriesKey(metric, labels), at, show(value)]),
    reject: (rejection) => void rejected.push(rejection),
  };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(body);
  } catch {
    return undefined; // not UTF-8: no batch
  }
  if (form === "lines") return readLines(text, WINDOW, sink).ok ? { batchId: undefined, accepted, rejected } : undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined; // no JSON: no batch
  }
  const read = readBatch(parsed, WINDOW, sink);
  return read.ok ? { batchId: read.value.batchId, accepted, rejected } : undefined;
}

function decodedOf(batch: IngestBatch): Accepted[] {
  const view = decodeBatch(batch.encode(false).bytes);
  if (!view) throw new Error("the encoded batch cannot be decoded");
  const values = new Float64Array(view.valueBits.buffer, view.valueBits.byteOffset, view.count);
  return Array.from({ length: view.count }, (_, i) => {
    const key = view.definitions[(view.series[i] ?? 0) - 0x80000000] ?? "";
    const stale = view.valueBits[2 * i] === 2 && view.valueBits[2 * i + 1] === 0x7ff00000;
    return [batch.indexOf(i), key, view.baseMs + (view.offsetsMs[i] ?? 0), show(stale ? null : (values[i] ?? 0))] as const;
  });
}

/** Tells -0 from 0, and every double from its neighbours. */
function show(value: number | null): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function same(a: unknown, b: unknown, what: string): void {
  if (a !== b) throw new Error(`${what} differ: ${String(a).slice(0, 500)} and ${String(b).slice(0, 500)}`);
}

/** A batch as text, mostly in the order and spacing of `JSON.stringify`. */
function makeBody(random: Random): string {
  const samples = Array.from({ length: Math.floor(random() * 6) }, () => makeSample(random));
  if (random() < 0.15) return samples.join(pick(random, ["\n", "\n\n", "\r\n"]));
  const id =
    random() < 0.3
      ? `"batchId":${pick(random, ['"b-1"', '"ä"', '"a\\"b"', '""', "5", `"${"x".repeat(200)}"`, `"${"x".repeat(201)}"`])},`
      : "";
  const list = `"samples":[${samples.join(",")}]`;
  if (random() < 0.05) return `{${list},"batchId":"late"}`;
  return `{${id}${list}}${random() < 0.1 ? pick(random, ["\n", " \t\r\n", "x", "\0"]) : ""}`;
}

function makeSample(random: Random): string {
  const mostly = (usual: readonly string[], odd: readonly string[]) => pick(random, random() < 0.93 ? usual : odd);
  const metric = mostly(['"m"', '"host_cpu_used_ratio"', '"\\"my.metric\\""', '"m\\u0061"'], ['"ä"', '""', "5", '"m,\\"timestamp\\":"']);
  const labels = mostly(
    ['{"host":"a"}', '{"host":"a","core":"0"}', '{"core":"0","host":"a"}', '{"host":"a","host":"b"}', "{}"],
    ['{"host":"},\\"timestamp\\":1"}', '{"host":"ü\\ud800"}', '{"host":5}', '{"__proto__":"x"}', '{"a":{"timestamp":1}}', "null", "[]"],
  );
  const at = mostly(
    [String(NOON - Math.floor(random() * 80_000_000)), String(NOON), String(NOON + 700_000), "0"],
    ["1e3", '"1"', "17951760000001234", "01", "-5", "1.5"],
  );
  const value = mostly(
    [
      String(random()),
      String(Math.floor(random() * 1e6)),
      String(random() * 1e-7),
      "-0",
      "null",
      "-12.50",
      "12345678901234567890",
      "0.1000000000000000055",
    ],
    ["1e5", "1e400", '"1"', "NaN", "01", "1."],
  );
  const fields = [`"metric":${metric}`, `"labels":${labels}`, `"timestamp":${at}`, `"value":${value}`];
  if (random() < 0.1) fields.splice(1, 1);
  if (random() < 0.05) fields.reverse();
  if (random() < 0.03) fields.push('"extra":1');
  if (random() < 0.03) fields.push('"timestamp":5');
  return `{${fields.join(random() < 0.05 ? " , " : ",")}}`;
}

/** The text as bytes, sometimes bent. */
function bytesOf(text: string, random: Random): Uint8Array {
  const bytes = encoder.encode(text);
  return random() < 0.6 ? bytes : bent(bytes, random);
}
