import type { Matcher } from "../../../../contract/metric-query.ts";
import { METRIC_LIMITS } from "../../../../contract/metric-limits.ts";
import { readQuery } from "../../../lib/url-state.ts";
import { OPS } from "../explore/explore-state.ts";

export const CARDINALITY = "/console/observe/cardinality";

/** Series that are meant: of a metric, by matchers, or both. */
export interface Chosen {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

/** The address of what lists or deletes these series. */
export function chosenAddress(what: "series" | "delete", { metric, matchers }: Chosen): string {
  const params = new URLSearchParams();
  if (matchers.length > 0) params.set("match", JSON.stringify(matchers.map(({ label, op, value }) => [label, op, value])));
  if (metric !== "") params.set("metric", metric);
  return `${CARDINALITY}/${what}?${params}`;
}

/** Which series an address means; what it cannot mean is left out. */
export function readChosen(search: string): Chosen {
  return { metric: readQuery(search, "metric").slice(0, METRIC_LIMITS.metricChars), matchers: readMatchers(search) };
}

function readMatchers(search: string): Matcher[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readQuery(search, "match", "[]"));
  } catch {
    return []; // an address cut short: the list below it is wider, and says of what
  }
  if (!Array.isArray(parsed)) return [];
  return parsed.slice(0, METRIC_LIMITS.matchers).flatMap((one: unknown): Matcher[] => {
    const [label, op, value] = Array.isArray(one) ? (one as unknown[]) : []; // an array of unknowns is all that isArray tells
    const known = OPS.find((each) => each === op);
    return typeof label === "string" && typeof value === "string" && known ? [{ label, op: known, value }] : [];
  });
}
