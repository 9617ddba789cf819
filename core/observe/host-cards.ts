import { HOST_METRICS } from "../../contract/host-metrics.ts";
import type { Host } from "../../contract/hosts.ts";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { fullestDisk, type HostEntry, type Newest, summaryOf } from "./host-table.ts";
import type { SeriesReader } from "./series-reader.ts";
import { StepSums } from "./steps.ts";

/** Steps of a sparkline: 5 minutes of 5 s. */
const RECENT_STEPS = 60;

export type HostCard = Omit<Host, "agentId" | "agentVersion" | "state">;

/** A host's card with its last five minutes. */
export function cardOf(entry: HostEntry, newest: (slot: number) => Newest, reader: SeriesReader, now: number): HostCard {
  const stepMs = METRIC_LIMITS.rawStepMs;
  const startMs = (Math.floor(now / stepMs) - RECENT_STEPS + 1) * stepMs;
  const recent = (slots: readonly (number | undefined)[]): (number | null)[] => {
    const total = new StepSums(RECENT_STEPS, "sum");
    for (const slot of slots) {
      if (slot === undefined) continue;
      const own = new StepSums(RECENT_STEPS, "avg");
      const { points, first, last } = reader.read(slot, startMs, startMs + RECENT_STEPS * stepMs);
      for (let i = first; i < last; i++) {
        const at = points.columns.at[i] ?? 0;
        own.add(Math.floor((at - startMs) / stepMs), points.columns.values[i] ?? 0, at);
      }
      for (let step = 0; step < RECENT_STEPS; step++) {
        const value = own.at(step);
        if (value !== undefined) total.add(step, value, 0);
      }
    }
    return total.toValues();
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
