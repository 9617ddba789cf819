import type { Storage } from "../../../../contract/metric-catalog.ts";
import { TIERS, type Tier } from "../../../../contract/metric-limits.ts";
import { formatValue } from "../../../lib/format.ts";
import type { Tone } from "../../../ui/state-badge.tsx";

/** A time and a value as plain numbers: what a sample would take without packing. */
const PLAIN_BYTES = 16;

export interface TierRow {
  readonly tier: Tier;
  readonly keptMs: number;
  readonly points: number;
  readonly bytes: number;
  readonly rows: number;
  readonly oldestAt: number | null;
  readonly newestAt: number | null;
}

function edge(values: readonly (number | null)[], pick: (...all: number[]) => number): number | null {
  const there = values.filter((value) => value !== null);
  return there.length === 0 ? null : pick(...there);
}

/** The tiers of all shards together, finest first. */
export function tierRows({ shards }: Storage): TierRow[] {
  const all = shards.flatMap(({ tiers }) => tiers);
  return TIERS.flatMap((tier) => {
    const parts = all.filter((part) => part.tier === tier);
    if (parts.length === 0) return [];
    const sum = (field: "points" | "bytes" | "rows") => parts.reduce((total, part) => total + part[field], 0);
    return [
      {
        tier,
        keptMs: Math.max(...parts.map(({ keptMs }) => keptMs)),
        points: sum("points"),
        bytes: sum("bytes"),
        rows: sum("rows"),
        oldestAt: edge(
          parts.map(({ oldestAt }) => oldestAt),
          Math.min,
        ),
        newestAt: edge(
          parts.map(({ newestAt }) => newestAt),
          Math.max,
        ),
      },
    ];
  });
}

/** `null` where nothing is packed yet. */
export function bytesPerPoint({ points, bytes }: Pick<TierRow, "points" | "bytes">): number | null {
  return points === 0 ? null : bytes / points;
}

/** How much is kept, and how small. */
export function storageHead(storage: Storage): { tone: Tone; headline: string; detail: string } {
  const rows = tierRows(storage);
  const unsealed = storage.shards.reduce((sum, { unsealedPoints }) => sum + unsealedPoints, 0);
  const points = rows.reduce((sum, row) => sum + row.points, 0) + unsealed;
  const database = storage.shards.reduce((sum, { databaseBytes }) => sum + databaseBytes, 0);
  const raw = rows.find(({ tier }) => tier === "raw");
  const each = raw && bytesPerPoint(raw);
  const detail = each
    ? `${formatValue(each, "plain")} B per raw point, ${formatValue(PLAIN_BYTES / each, "plain")} times smaller than plain`
    : "nothing is packed yet: that happens about every half hour";
  if (points === 0) return { tone: "muted", headline: "Nothing is kept yet", detail: "" };
  return { tone: "ok", headline: `${formatValue(points, "count")} points in ${formatValue(database, "bytes")}`, detail };
}
