import type { TimeWindow } from "../../contract/metric-samples.ts";
import { METRIC_LIMITS, type RejectReason } from "../../contract/metric-limits.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { Rejection } from "../../contract/metric-samples.ts";
import { parseJson } from "../http/json.ts";
import { IngestBatch } from "./ingest-batch.ts";
import type { PartialSuccess } from "./otlp-answers.ts";
import { MalformedOtlp } from "./otlp-json-values.ts";
import { readOtlpJson } from "./otlp-json.ts";
import { NO_POINT, OtlpMapper } from "./otlp-mapper.ts";
import { readOtlpProtobuf } from "./otlp-protobuf.ts";
import { MalformedProtobuf } from "./protobuf.ts";
import type { TenantSeries } from "./series-cache.ts";

/** A batch that counts refused data points: one histogram is one point, however many series it has. */
export class OtlpBatch extends IngestBatch {
  readonly rejectedPoints = new Set<number>();
  readonly #first = new Map<RejectReason, Rejection>();

  override reject(rejection: Rejection, example?: () => string): void {
    super.reject(rejection, example);
    if (rejection.index === NO_POINT) return; // ours, not the sender's
    this.rejectedPoints.add(rejection.index);
    if (!this.#first.has(rejection.reason)) this.#first.set(rejection.reason, rejection);
  }

  /** What to tell of the points that were refused; undefined when all were taken. */
  partialSuccess(points: number): PartialSuccess | undefined {
    const rejectedDataPoints = this.rejectedPoints.size;
    if (rejectedDataPoints === 0) return undefined;
    const reasons = [...this.#first.values()].slice(0, NAMED_REASONS).map(({ reason, detail }) => `${reason}: ${detail}`);
    return { rejectedDataPoints, errorMessage: `${rejectedDataPoints} of ${points} data points were refused. ${reasons.join("; ")}` };
  }
}

const NAMED_REASONS = 3;

export interface OtlpRequest {
  readonly batch: OtlpBatch;
  readonly mapper: OtlpMapper;
}

/** Reads a whole request; a body that is none, or too much of one, stores nothing. An empty body of protobuf is an empty request. */
export function readOtlp(bytes: Uint8Array, form: "protobuf" | "json", window: TimeWindow, tenant: TenantSeries): Outcome<OtlpRequest> {
  const batch = new OtlpBatch(tenant);
  const mapper = new OtlpMapper(batch, window);
  try {
    if (form === "protobuf") readOtlpProtobuf(bytes, mapper);
    else {
      const crowded = crowdedJson(bytes);
      if (crowded) return crowded;
      const json = parseJson(bytes);
      if (!json.ok) return json;
      readOtlpJson(json.value, mapper);
    }
  } catch (error) {
    if (!(error instanceof MalformedProtobuf || error instanceof MalformedOtlp)) throw error;
    return refuse("invalid-body", `The body is not an ExportMetricsServiceRequest: ${error.message}.`);
  }
  if (mapper.overflow) return refuse("payload-too-large", TOO_MANY);
  mapper.finish();
  return accept({ batch, mapper });
}

const TOO_MANY = `A request may hold ${METRIC_LIMITS.foreignSamples} data points. Send fewer at once: send_batch_max_size of the collector's batch processor, or one exporter for each part of the instruments.`;

/** Objects, lists and values in them. An attribute is two objects of 40 bytes; three bytes each would be made to fill the memory. */
const MAX_JSON_PARTS = 3_000_000;
const MEMORY_MATTERS_BYTES = 1 << 20;

/** Refuses JSON that would become a far larger tree than its bytes let expect. */
function crowdedJson(bytes: Uint8Array): Outcome<never> | undefined {
  if (bytes.length < MEMORY_MATTERS_BYTES) return undefined;
  let parts = 0;
  for (const byte of bytes) if (byte === 0x7b || byte === 0x5b || byte === 0x2c) parts++;
  return parts > MAX_JSON_PARTS ? refuse("payload-too-large", TOO_MANY) : undefined;
}
