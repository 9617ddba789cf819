import type { Rejected } from "../../../../contract/metric-catalog.ts";
import type { IngestProtocol, RejectReason } from "../../../../contract/metric-limits.ts";
import { formatDuration, formatValue, plural } from "../../../lib/format.ts";
import type { Lines } from "../../../lib/series.ts";
import type { Tone } from "../../../ui/state-badge.tsx";

export type Source = Rejected["ingest"][number];
export type Rejection = Rejected["items"][number];

const MINUTE_MS = 60_000;
/** Samples that are this much older than their arrival make alarms late. */
const LATE_MS = 5 * MINUTE_MS;

export const PROTOCOL_WORDS: Record<IngestProtocol, string> = {
  native: "JSON",
  ndjson: "NDJSON",
  "remote-write": "Prometheus",
  "otlp-proto": "OTLP protobuf",
  "otlp-json": "OTLP JSON",
  import: "import",
};

/** What a reason means, and the way out of it. A new reason without words is a type error. */
export const REASON_WORDS: Record<RejectReason, { title: string; way: string }> = {
  "not-an-object": { title: "not a sample", way: "Send each sample as a JSON object with metric, timestamp and value." },
  "unknown-field": { title: "unknown field", way: "Send only metric, labels, timestamp and value; check the spelling." },
  "metric-missing": { title: "no name", way: "Give every sample the name of its metric." },
  "metric-invalid": {
    title: "name not allowed",
    way: "Use letters, digits, _ and : in names, or put any other name into double quotes inside the text.",
  },
  "metric-too-long": { title: "name too long", way: "Shorten the name to 200 characters; what varies belongs into labels." },
  "labels-invalid": { title: "labels not an object", way: "Send labels as an object of texts." },
  "too-many-labels": { title: "too many labels", way: "Drop labels at the sender until 30 are left." },
  "label-name-invalid": {
    title: "label name not allowed",
    way: "Use letters, digits and _ in names of labels; those that begin with __ are reserved.",
  },
  "label-name-too-long": { title: "label name too long", way: "Shorten the label’s name to 100 characters." },
  "label-value-invalid": { title: "label value not a text", way: "Send values of labels as texts." },
  "label-value-too-long": { title: "label value too long", way: "Shorten the value to 1,024 characters; long texts belong into logs." },
  "timestamp-invalid": { title: "time not readable", way: "Send times as whole milliseconds since 1970." },
  "timestamp-too-old": {
    title: "too old",
    way: "Samples are taken as far back as raw points are kept. Load what is older through /v1/metrics/import.",
  },
  "timestamp-in-future": { title: "in the future", way: "Set the sender’s clock: it is more than ten minutes ahead." },
  "value-invalid": { title: "value not a number", way: "Send values as numbers, or null for the end of a series." },
  "series-limit": {
    title: "limit on series",
    way: "Find the label that makes so many series on the cardinality page, and drop it at the sender. Series that exist go on.",
  },
  "histogram-unsupported": {
    title: "histogram not readable",
    way: "Send classic or exponential histograms; gauge histograms and custom buckets of native ones are not taken.",
  },
  "point-empty": {
    title: "point without value",
    way: "The point carries no value. An SDK sends such points for instruments that recorded nothing.",
  },
};

/** A source in the words of a legend. */
export function sourceName({ protocol, keyId }: Pick<Source, "protocol" | "keyId">, keyNames: ReadonlyMap<string, string>): string {
  return `${PROTOCOL_WORDS[protocol]} · ${keyNames.get(keyId) ?? (keyId === "" ? "no key" : `key ${keyId.slice(0, 8)}`)}`;
}

/** Samples a second of each source by minute; a minute without any is zero, the running minute is left out. */
export function rateLines(sources: readonly Source[], keyNames: ReadonlyMap<string, string>, nowMs: number): Lines {
  const endMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const startMs = endMs - 60 * MINUTE_MS;
  const lines = new Map<string, number[]>();
  for (const source of sources) {
    const name = sourceName(source, keyNames);
    const values = lines.get(name) ?? Array.from({ length: 60 }, () => 0);
    for (const { minuteMs, samples } of source.minutes) {
      const slot = Math.floor((minuteMs - startMs) / MINUTE_MS);
      if (slot >= 0 && slot < 60) values[slot] = (values[slot] ?? 0) + samples / 60;
    }
    lines.set(name, values);
  }
  return { startMs, stepMs: MINUTE_MS, lines };
}

export interface SourceRow extends Source {
  readonly samples: number;
  readonly requests: number;
  readonly rejected: number;
  readonly lastMs: number | null;
}

/** A source's hour in one row. */
export function sourceRow(source: Source): SourceRow {
  const sum = (field: "samples" | "requests" | "rejected") => source.minutes.reduce((total, minute) => total + minute[field], 0);
  const last = source.minutes.filter(({ requests }) => requests > 0).at(-1);
  return { ...source, samples: sum("samples"), requests: sum("requests"), rejected: sum("rejected"), lastMs: last?.minuteMs ?? null };
}

/** Whether samples come, how many, and what is refused. */
export function ingestHead({ ingest, totals, items }: Rejected, nowMs: number): { tone: Tone; headline: string; detail: string } {
  const rows = ingest.map(sourceRow);
  const endMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const recent = ingest.flatMap(({ minutes }) => minutes).filter(({ minuteMs }) => minuteMs >= endMs - 5 * MINUTE_MS && minuteMs < endMs);
  const perSecond = recent.reduce((sum, { samples }) => sum + samples, 0) / 300;
  const inspected = items.filter(({ at }) => at >= nowMs - 60 * MINUTE_MS).reduce((sum, { count }) => sum + count, 0);
  // The inspector also knows of requests of which nothing was stored.
  const rejected = Math.max(
    inspected,
    rows.reduce((sum, row) => sum + row.rejected, 0),
  );
  const worst = totals.toSorted((a, b) => b.count - a.count)[0];
  const late = rows.filter(({ lagMs }) => lagMs !== null && lagMs >= LATE_MS);
  if (rows.length === 0) {
    const detail = worst ? `${plural(worst.count, "sample")} refused within 24 h` : "";
    return { tone: worst ? "warn" : "muted", headline: "Nothing came in within the hour", detail };
  }
  const headline = `${formatValue(perSecond, "plain")} samples/s from ${plural(rows.length, "source")}`;
  if (rejected > 0) {
    const why = worst ? `, most: ${REASON_WORDS[worst.reason].title}` : "";
    return { tone: "warn", headline, detail: `${plural(rejected, "sample")} refused within the hour${why}` };
  }
  if (late.length > 0) {
    const most = Math.max(...late.map(({ lagMs }) => lagMs ?? 0));
    return { tone: "warn", headline, detail: `samples arrive up to ${formatDuration(most)} late` };
  }
  return { tone: "ok", headline, detail: "nothing refused within the hour" };
}

/** What tells one line of the inspector from the others, for its address. */
export function rejectionId({ at, reason, keyId, protocol }: Rejection): string {
  return [at, reason, protocol, keyId].join("~");
}
