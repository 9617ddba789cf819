/** Ranges that follow the present, by their name in the address. */
export const RELATIVE_RANGES = [
  { name: "5m", label: "last 5 min", ms: 5 * 60_000 },
  { name: "1h", label: "last 1 h", ms: 3_600_000 },
  { name: "6h", label: "last 6 h", ms: 6 * 3_600_000 },
  { name: "24h", label: "last 24 h", ms: 24 * 3_600_000 },
  { name: "7d", label: "last 7 d", ms: 7 * 86_400_000 },
  { name: "90d", label: "last 90 d", ms: 90 * 86_400_000 },
] as const;

export type TimeRange =
  | { readonly kind: "relative"; readonly name: string; readonly label: string; readonly ms: number }
  | { readonly kind: "exact"; readonly fromMs: number; readonly toMs: number };

/** A brush narrower than this is a click that slipped. */
export const SHORTEST_RANGE_MS = 10_000;

function exactFrom(from: string | null, to: string | null): TimeRange | undefined {
  const fromMs = Date.parse(from ?? "");
  const toMs = Date.parse(to ?? "");
  if (!Number.isFinite(fromMs) || !Number.isFinite(toMs) || toMs - fromMs < 1) return undefined;
  return { kind: "exact", fromMs, toMs };
}

/** The range in an address: `from` and `to` (RFC 3339) win over `range`; what cannot be read is the fallback. */
export function readRange(search: string, fallback = "1h"): TimeRange {
  const params = new URLSearchParams(search);
  const exact = exactFrom(params.get("from"), params.get("to"));
  if (exact) return exact;
  const named = (name: string | null) => RELATIVE_RANGES.find((range) => range.name === name);
  return { kind: "relative", ...(named(params.get("range")) ?? named(fallback) ?? RELATIVE_RANGES[1]) };
}

/** The parameters that put a range into an address, for `setQuery`. */
export function rangeQuery(range: TimeRange): Record<string, string | null> {
  return range.kind === "relative"
    ? { range: range.name, from: null, to: null }
    : { range: null, from: new Date(range.fromMs).toISOString(), to: new Date(range.toMs).toISOString() };
}

/** A stretch that was brushed, on top of the named range, which comes back when the ends are dropped. */
export function zoomQuery(fromMs: number, toMs: number): Record<string, string> {
  return { from: new Date(Math.round(fromMs)).toISOString(), to: new Date(Math.round(toMs)).toISOString() };
}

/** Both ends in epoch milliseconds. */
export function rangeBounds(range: TimeRange, nowMs: number): { fromMs: number; toMs: number } {
  return range.kind === "relative" ? { fromMs: nowMs - range.ms, toMs: nowMs } : { fromMs: range.fromMs, toMs: range.toMs };
}

/** Steps that people can read off an axis; the smallest is what agents send. */
const STEPS_MS = [
  5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000,
];

/** The finest step that is at least so long. */
export function stepAtLeast(ms: number): number {
  return STEPS_MS.find((step) => step >= ms) ?? Math.ceil(ms / 86_400_000) * 86_400_000;
}

/** The finest step that shows the span in at most so many points. */
export function stepFor(spanMs: number, maxPoints: number): number {
  return STEPS_MS.find((step) => spanMs / step <= maxPoints) ?? Math.ceil(spanMs / maxPoints / 86_400_000) * 86_400_000;
}

/** An exact range from two `datetime-local` texts in the viewer's zone, or the sentence that says why not. */
export function customRange(from: string, to: string): TimeRange | string {
  const fromMs = Date.parse(from);
  const toMs = Date.parse(to);
  if (!Number.isFinite(fromMs)) return "Say when the range starts.";
  if (!Number.isFinite(toMs)) return "Say when the range ends.";
  if (toMs - fromMs < SHORTEST_RANGE_MS) return "The end has to be at least 10 seconds after the start.";
  return { kind: "exact", fromMs, toMs };
}
