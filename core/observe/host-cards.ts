import { HOST_METRICS } from "../../contract/host-metrics.ts";
import type { Host } from "../../contract/hosts.ts";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { fullestDisk, type HostEntry, type Newest, summaryOf } from "./host-table.ts";
import { BucketFold } from "./query/bucket-fold.ts";
import type { TierSource } from "./tier-source.ts";

/** Steps of a sparkline: 5 minutes of 5 s. */
const RECENT_STEPS = 60;

export type HostCard = Omit<Host, "agentId" | "agentVersion" | "state">;

/** A host's card with its last five minutes. */
export function cardOf(entry: HostEntry, newest: (slot: number) => Newest, source: Pick<TierSource, "raw">, now: number): HostCard {
  const stepMs = METRIC_LIMITS.rawStepMs;
  const startMs = (Math.floor(now / stepMs) - RECENT_STEPS + 1) * stepMs;
  const recent = (slots: readonly (number | undefined)[]): (number | null)[] => {
    const total: (number | null)[] = Array.from({ length: RECENT_STEPS }, () => null);
    const fold = new BucketFold({ startMs, stepMs, count: RECENT_STEPS }, "avg");
    for (const slot of slots) {
      if (slot === undefined) continue;
      const { points, first, last } = source.raw(slot, startMs, startMs + RECENT_STEPS * stepMs);
      fold.begin({ over: "avg", quantile: 0, delta: false });
      fold.raw(points.columns, first, last);
      fold.finish();
      for (const [step, value] of fold.values.entries()) if (Number.isFinite(value)) total[step] = (total[step] ?? 0) + value;
    }
    return total;
  };
  const disk = fullestDisk(entry, (slot) => (slot === undefined ? null : numberOrNull(newest(slot).value)));
  return {
    ...summaryOf(entry, newest),
    recent: {
      startMs,
      stepMs,
      cpuRatio: recent([entry.single.get(HOST_METRICS.cpu)]),
      memoryRatio: ratios(recent([entry.single.get(HOST_METRICS.memoryUsed)]), recent([entry.single.get(HOST_METRICS.memoryTotal)])),
      diskRatio: ratios(recent([disk?.usedSlot]), recent([disk?.totalSlot])),
      networkBytesPerSecond: recent([...entry.interfaces.values()].flatMap(({ receive, transmit }) => [receive, transmit])),
    },
  };
}

function ratios(used: readonly (number | null)[], total: readonly (number | null)[]): (number | null)[] {
  return used.map((value, i) => {
    const whole = total[i];
    return value === null || whole === null || whole === undefined || whole <= 0 ? null : value / whole;
  });
}

function numberOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
