import { LABEL_NAME_PATTERN, METRIC_LIMITS, METRIC_NAME_PATTERN, QUOTED_METRIC_PATTERN, type RejectReason } from "./metric-limits.ts";
import { type FieldError, type Outcome, refuse } from "./problems.ts";
import type { Labels } from "./metric-key.ts";

/** One bad sample: where, why, and what to do about it. */
export interface Rejection {
  readonly index: number;
  readonly reason: RejectReason;
  readonly detail: string;
}

/** Where good samples and rejections go. Called once per sample, in order. */
export interface SampleSink {
  accept(index: number, metric: string, labels: Labels | undefined, atMs: number, value: number | null): void;
  /** @param example the sample as it came, for whoever keeps some */
  reject(rejection: Rejection, example?: () => string): void;
}

/** Oldest and newest accepted timestamp, epoch milliseconds. */
export interface TimeWindow {
  readonly oldestMs: number;
  readonly newestMs: number;
}

/** @param pastMs how far back, when not as far as the raw tier reaches at most */
export function acceptedWindow(nowMs: number, pastMs: number = METRIC_LIMITS.pastMs): TimeWindow {
  return { oldestMs: nowMs - pastMs, newestMs: nowMs + METRIC_LIMITS.futureMs };
}

const SAMPLE_FIELDS = { metric: true, labels: true, timestamp: true, value: true } as const;

/**
 * Reads `{ batchId?, samples }` after `JSON.parse` in one pass: what `ingestBodySchema` accepts, this accepts, but at
 * a small part of its cost and with a reason per sample instead of a refusal of the whole.
 * @returns the batch id, or the problem of a body that is no batch at all; then nothing reached the sink
 */
export function readBatch(body: unknown, window: TimeWindow, sink: SampleSink): Outcome<{ batchId: string | undefined }> {
  if (!isObject(body))
    return refuse("invalid-body", "Send a JSON object with a `samples` array.", { errors: [field("", "must be an object")] });
  const { batchId, samples } = body;
  const errors: FieldError[] = [];
  for (const name in body) {
    if (name !== "batchId" && name !== "samples") errors.push(field(`/${escapePointer(name)}`, "is not a field of a batch; remove it"));
    if (errors.length === 10) break;
  }
  if (batchId !== undefined && (typeof batchId !== "string" || batchId === "" || batchId.length > METRIC_LIMITS.batchIdChars)) {
    errors.push(field("/batchId", `must be a text of 1 to ${METRIC_LIMITS.batchIdChars} characters, or left out`));
  }
  if (!Array.isArray(samples)) errors.push(field("/samples", "must be an array of samples"));
  if (errors.length > 0) return refuse("invalid-body", "The body is not a batch of samples; see errors.", { errors });
  const list = samples as unknown[]; // no error was noted above
  if (list.length > METRIC_LIMITS.samples) return tooMany(list.length);
  for (let i = 0; i < list.length; i++) readSample(list[i], i, window, sink);
  return { ok: true, value: { batchId: batchId as string | undefined } }; // checked above
}

/**
 * Reads NDJSON, one sample a line; empty lines are skipped, indexes are line numbers from 0.
 * A line that is no JSON refuses the whole body: a cut stream must not look like a complete one.
 */
export function readLines(text: string, window: TimeWindow, sink: SampleSink): Outcome<{ batchId: undefined }> {
  const parsed: { index: number; sample: unknown }[] = [];
  // Never all lines at once: eight million empty ones fit into a body of 8 KiB.
  for (let index = 0, start = 0; start < text.length; index++) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const line = end === start ? "" : text.slice(start, end);
    start = end + 1;
    if (line.trim() === "") continue;
    if (parsed.length === METRIC_LIMITS.samples) return tooMany(`more than ${METRIC_LIMITS.samples}`);
    try {
      parsed.push({ index, sample: JSON.parse(line) });
    } catch {
      const errors = [field(`/${index}`, "must be one JSON object on one line")];
      return refuse("invalid-body", `Line ${index} (from 0) is not JSON. Nothing was stored; correct it and send the batch again.`, {
        errors,
      });
    }
  }
  for (const { index, sample } of parsed) readSample(sample, index, window, sink);
  return { ok: true, value: { batchId: undefined } };
}

/** Hands one sample to the sink, accepted or with the first reason against it. */
export function readSample(sample: unknown, index: number, window: TimeWindow, sink: SampleSink): void {
  if (!isObject(sample)) {
    const detail = `sample ${index} must be an object { metric, labels, timestamp, value }`;
    return reject(sink, { index, reason: "not-an-object", detail }, sample);
  }
  for (const name in sample) {
    if (!Object.hasOwn(SAMPLE_FIELDS, name))
      return reject(
        sink,
        { index, reason: "unknown-field", detail: `\`${clip(name)}\` is not a field of a sample; remove it, or make it a label` },
        sample,
      );
  }
  const { metric, labels, timestamp, value } = sample;
  const bad = metricFault(metric) ?? labelsFault(labels) ?? timestampFault(timestamp, window) ?? valueFault(value);
  if (bad) return reject(sink, { index, ...bad }, sample);
  // Each of the four was just checked.
  sink.accept(index, metric as string, labels as Labels | undefined, timestamp as number, value as number | null);
}

interface Fault {
  readonly reason: RejectReason;
  readonly detail: string;
}

function metricFault(metric: unknown): Fault | undefined {
  if (metric === undefined) return { reason: "metric-missing", detail: "`metric` is missing; give the metric's name" };
  if (typeof metric !== "string") return { reason: "metric-invalid", detail: "`metric` must be a text" };
  if (metric.length > METRIC_LIMITS.metricChars) {
    return { reason: "metric-too-long", detail: `\`metric\` has ${metric.length} characters; at most ${METRIC_LIMITS.metricChars}` };
  }
  if (METRIC_NAME_PATTERN.test(metric) || QUOTED_METRIC_PATTERN.test(metric)) return undefined;
  return {
    reason: "metric-invalid",
    detail:
      '`metric` may hold letters, digits, _ and :, and not start with a digit; put any other name in double quotes: "\\"my.metric\\""',
  };
}

function labelsFault(labels: unknown): Fault | undefined {
  if (labels === undefined) return undefined;
  if (!isObject(labels)) return { reason: "labels-invalid", detail: "`labels` must be an object of texts, or left out" };
  let count = 0;
  for (const name in labels) {
    if (++count > METRIC_LIMITS.labels)
      return { reason: "too-many-labels", detail: `\`labels\` has more than ${METRIC_LIMITS.labels} entries; drop some` };
    if (name.length > METRIC_LIMITS.labelNameChars) {
      return {
        reason: "label-name-too-long",
        detail: `label name \`${clip(name)}\` has ${name.length} characters; at most ${METRIC_LIMITS.labelNameChars}`,
      };
    }
    if (!LABEL_NAME_PATTERN.test(name)) {
      return {
        reason: "label-name-invalid",
        detail: `label name \`${clip(name)}\` may hold letters, digits and _, not start with a digit, and not start with __`,
      };
    }
    const value = labels[name];
    if (typeof value !== "string")
      return { reason: "label-value-invalid", detail: `label \`${clip(name)}\` must be a text; put it in quotes` };
    if (value.length > METRIC_LIMITS.labelValueChars) {
      return {
        reason: "label-value-too-long",
        detail: `label \`${clip(name)}\` has ${value.length} characters; at most ${METRIC_LIMITS.labelValueChars}`,
      };
    }
  }
  return undefined;
}

/** Why this timestamp is refused, or undefined. */
export function timestampFault(timestamp: unknown, window: TimeWindow): Fault | undefined {
  if (!Number.isSafeInteger(timestamp)) {
    return { reason: "timestamp-invalid", detail: "`timestamp` must be a whole number: milliseconds since 1970, not a text" };
  }
  const at = timestamp as number; // isSafeInteger is true of numbers only
  if (at < window.oldestMs) {
    return {
      reason: "timestamp-too-old",
      detail: `\`timestamp\` ${at} is older than ${(window.newestMs - METRIC_LIMITS.futureMs - window.oldestMs) / 3_600_000} h; the oldest accepted now is ${window.oldestMs}${at * 1_000 >= window.oldestMs && at * 1_000 <= window.newestMs ? " (milliseconds are expected, this looks like seconds)" : ""}`,
    };
  }
  if (at > window.newestMs) {
    return {
      reason: "timestamp-in-future",
      detail: `\`timestamp\` ${at} is more than ${METRIC_LIMITS.futureMs / 60_000} min ahead; the newest accepted now is ${window.newestMs}: check the sender's clock and that it sends milliseconds`,
    };
  }
  return undefined;
}

function valueFault(value: unknown): Fault | undefined {
  if (value === null || (typeof value === "number" && Number.isFinite(value))) return undefined;
  if (value === undefined) return { reason: "value-invalid", detail: "`value` is missing; give a number, or null for the stale marker" };
  return { reason: "value-invalid", detail: "`value` must be a finite number, or null for the stale marker; not a text" };
}

function reject(sink: SampleSink, rejection: Rejection, sample: unknown): void {
  sink.reject(rejection, () => JSON.stringify(sample));
}

export function tooMany(count: number | string): Outcome<never> {
  return refuse(
    "payload-too-large",
    `The batch holds ${count} samples; send at most ${METRIC_LIMITS.samples} in one request and the rest in the next.`,
    {
      errors: [field("/samples", `at most ${METRIC_LIMITS.samples} items`)],
    },
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function field(pointer: string, detail: string): FieldError {
  return { pointer, detail };
}

function escapePointer(name: string): string {
  return clip(name).replaceAll("~", "~0").replaceAll("/", "~1");
}

/** A name short enough for an answer. */
function clip(name: string): string {
  return name.length > 60 ? `${name.slice(0, 60)}…` : name;
}
