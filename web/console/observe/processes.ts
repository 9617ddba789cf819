import type { MetricQueryReply } from "../../../contract/metric-query.ts";

export interface ProcessRow {
  readonly process: string;
  readonly pid: string;
  readonly cpuRatio: number | null;
  readonly memoryBytes: number | null;
}

const SHOWN = 10;
/** Two of the agent's intervals. */
const FIRST_REPORT_WITHIN_MS = 30_000;

/** The newest value of each series, with when it was. */
function newest(values: readonly (number | null)[]): { index: number; value: number } | undefined {
  const index = values.findLastIndex((value) => value !== null);
  const value = values[index];
  return value === null || value === undefined ? undefined : { index, value };
}

/**
 * Processes present in the last report, busiest first. One that was only in an earlier report has left the top ten or ended,
 * so it is not shown beside newer numbers.
 */
export function joinProcesses(cpu: MetricQueryReply, memory: MetricQueryReply): ProcessRow[] {
  const rows = new Map<string, ProcessRow & { at: number }>();
  const add = (reply: MetricQueryReply, field: "cpuRatio" | "memoryBytes") => {
    for (const { labels, values } of reply.series) {
      const last = newest(values);
      if (!last) continue;
      const { process = "unknown", pid = "" } = labels;
      const key = `${process}:${pid}`;
      const at = reply.startMs + last.index * reply.stepMs;
      const row = rows.get(key) ?? { process, pid, cpuRatio: null, memoryBytes: null, at };
      rows.set(key, { ...row, [field]: last.value, at: Math.max(row.at, at) });
    }
  };
  add(cpu, "cpuRatio");
  add(memory, "memoryBytes");
  const all = [...rows.values()];
  const latest = Math.max(...all.map(({ at }) => at));
  return all
    .filter(({ at }) => at === latest)
    .toSorted((a, b) => (b.cpuRatio ?? -1) - (a.cpuRatio ?? -1) || (b.memoryBytes ?? 0) - (a.memoryBytes ?? 0))
    .slice(0, SHOWN)
    .map(({ at: _, ...row }) => row);
}

/** Whether a host came so lately that its first report may be on its way. */
export function awaitsProcesses(onlineSince: number | null, nowMs: number): boolean {
  return onlineSince !== null && nowMs - onlineSince < FIRST_REPORT_WITHIN_MS;
}
