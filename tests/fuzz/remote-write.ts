import { decodeBatch } from "../../contract/metric-batch.ts";
import { readExtras } from "../../contract/metric-extras.ts";
import type { TimeWindow } from "../../contract/metric-samples.ts";
import { IngestBatch } from "../../workers/observe/ingest-batch.ts";
import { MalformedProtobuf } from "../../workers/observe/protobuf.ts";
import { readWriteRequest } from "../../workers/observe/remote-write-read.ts";
import { TooManySamples } from "../../workers/observe/remote-write-state.ts";
import { type ProtobufWriter, snapped, STALE_BYTES, type TestSeries, writeRequest } from "../../workers/observe/remote-write-testing.ts";
import { TenantSeries } from "../../workers/observe/series-cache.ts";
import { decodeSnappy } from "../../workers/observe/snappy.ts";
import { bent, mulberry, pick, type Random } from "../lib/random.ts";

const NOON = Date.parse("2026-11-20T12:00:00.000Z");
const WINDOW: TimeWindow = { oldestMs: NOON - 86_400_000, newestMs: NOON + 600_000 };

export interface FuzzReport {
  readonly runs: number;
  readonly read: number;
  readonly samples: number;
  readonly rejected: number;
  readonly malformed: number;
  readonly broken: number;
}

/**
 * Fuzzes remote-write: makes requests, bends their bytes before and after compression, and asks that nothing throws but what says that
 * the bytes are none; that an isolate which has seen everything before reads them like one that has seen nothing; and that what
 * was not bent is read as it was meant.
 * @throws with seed and run when a body breaks a promise
 */
export function fuzz(seed: number, runs: number): FuzzReport {
  const random = mulberry(seed);
  const known = new TenantSeries();
  const report = { runs, read: 0, samples: 0, rejected: 0, malformed: 0, broken: 0 };
  for (let run = 0; run < runs; run++) {
    const series = Array.from({ length: Math.floor(random() * 5) }, () => makeSeries(random));
    const whole = writeRequest(series, (request) => makeMore(request, random));
    const body = random() < 0.5 ? whole : bent(whole, random);
    try {
      const block = snapped(body);
      const bendBlock = random() < 0.1;
      const plain = decodeSnappy(bendBlock ? bent(block, random) : block, 1 << 20);
      if (!plain.ok) {
        report.broken++;
        continue;
      }
      // The decoder's room is written over by its next call.
      const bytes = plain.value.slice();
      const [warm, cold] = [show(bytes, known), show(bytes, new TenantSeries())];
      if (warm.text !== cold.text) throw new Error(`known labels change the outcome:\n${warm.text}\n${cold.text}`);
      if (body === whole && !bendBlock && !warm.batch) throw new Error(`refused what is whole: ${warm.text}`);
      if (!warm.batch) report.malformed++;
      else {
        report.read++;
        report.samples += warm.batch.count;
        report.rejected += warm.batch.rejectedCount;
      }
    } catch (error) {
      throw new Error(
        `seed ${seed}, run ${run}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n${[...body].join(",")}`,
      );
    }
  }
  return report;
}

/** What a request becomes, as text: every sample with its bits, every rejection, metadata and exemplars. */
function show(bytes: Uint8Array, tenant: TenantSeries): { text: string; batch: IngestBatch | undefined } {
  const batch = new IngestBatch(tenant, 4);
  try {
    readWriteRequest(bytes, WINDOW, tenant.labels, batch);
  } catch (error) {
    if (!(error instanceof MalformedProtobuf) && !(error instanceof TooManySamples)) throw error;
    return { text: error.message, batch: undefined };
  }
  const view = decodeBatch(batch.encode(false).bytes);
  if (!view) throw new Error("the encoded batch cannot be decoded");
  const extras = readExtras(view);
  if (!extras) throw new Error("the extras cannot be decoded");
  const samples = Array.from({ length: view.count }, (_, i) => [
    batch.indexOf(i),
    view.definitions[(view.series[i] ?? 0) - 0x80000000],
    view.baseMs + (view.offsetsMs[i] ?? 0),
    view.valueBits[2 * i],
    view.valueBits[2 * i + 1],
  ]);
  const exemplars = extras.exemplars?.map(({ series, ...exemplar }) => [view.definitions[series - 0x80000000], exemplar]);
  // Which buckets a histogram has depends on what the isolate has seen of it: bounds that went are told on.
  const plain = samples.filter(([, key]) => !/_bucket"/.test(String(key)));
  return { text: JSON.stringify([plain, batch.rejected, batch.rejectedCount, extras.metadata, exemplars]), batch };
}

const VALUES = [0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, STALE_BYTES] as const;

function makeSeries(random: Random): TestSeries {
  const labels: [string, string][] = [["__name__", pick(random, ["up", "http_requests_total", "my.metric", "ä"])]];
  for (let i = Math.floor(random() * 4); i > 0; i--) {
    labels.push([pick(random, ["job", "instance", "host", "a", "b"]), pick(random, ["x", "node", "10.0.0.1:9100", ""])]);
  }
  if (random() < 0.1)
    labels.push(
      pick(random, [
        ["__temporality__", "delta"],
        ["", "x"],
        ["ä", "y"],
        ["up", "z".repeat(1_025)],
      ]),
    );
  if (random() < 0.05) labels.shift();
  if (random() < 0.1) labels.reverse();
  const at = () => NOON + Math.floor((random() - (random() < 0.9 ? 0.9 : 1.2)) * 80_000_000);
  return {
    labels,
    samples: Array.from(
      { length: Math.floor(random() * 3) },
      () => [random() < 0.02 ? -1 : at(), random() < 0.5 ? random() : pick(random, VALUES)] as const,
    ),
    exemplars: random() < 0.8 ? [] : [{ labels: { trace_id: "0af7651916cd43dd8448eb211c80319c", a: "b" }, value: random(), at: at() }],
    histograms: random() < 0.8 ? [] : [(histogram) => makeHistogram(histogram, at(), random)],
  };
}

function makeHistogram(histogram: ProtobufWriter, at: number, random: Random): void {
  const deltas = Array.from({ length: Math.floor(random() * 12) }, () => Math.floor(random() * 4));
  const schema = pick(random, [-53, -4, 0, 3, 8, 9]);
  histogram
    .varint(1, 100)
    .double(3, random() < 0.1 ? STALE_BYTES : 12.5)
    .sint(4, schema)
    .double(5, 1e-128)
    .varint(6, 2);
  const first = Math.floor(deltas.length / 2);
  histogram.message(11, (span) => span.sint(1, Math.floor(random() * 2_000) - 1_000).varint(2, first));
  histogram.message(11, (span) =>
    span.sint(1, pick(random, [0, 1, 5, 100_000])).varint(2, deltas.length - first + (random() < 0.1 ? 1 : 0)),
  );
  histogram.packedSints(12, deltas);
  if (schema === -53) histogram.packedDoubles(16, [0.1, 0.5, 1, 5]);
  histogram.varint(15, at);
}

function makeMore(request: ProtobufWriter, random: Random): void {
  if (random() < 0.2) {
    request.message(3, (metadata) =>
      metadata
        .varint(1, Math.floor(random() * 10))
        .text(2, pick(random, ["up", "x"]))
        .text(4, "help")
        .text(5, "bytes"),
    );
  }
  if (random() < 0.1) request.text(9, "a field of a later version");
}
