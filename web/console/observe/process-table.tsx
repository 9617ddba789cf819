import { HOST_METRICS } from "../../../contract/host-metrics.ts";
import { now, serverNow } from "../../lib/clock.ts";
import { exactValue, formatValue } from "../../lib/format.ts";
import { useResource } from "../../lib/resource.ts";
import { Card } from "../../ui/card.tsx";
import { EmptyState, Skeleton } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { api } from "../api.ts";
import { failureOf, PageError } from "../page-error.tsx";
import { awaitsProcesses, joinProcesses, type ProcessRow } from "./processes.ts";

/** Processes come and go; those of the last minute are the present ones. */
const PRESENT_MS = 60_000;

const COLUMNS: readonly [Column<ProcessRow>, ...Column<ProcessRow>[]] = [
  { key: "process", title: "Process", value: ({ process }) => process },
  { key: "pid", title: "PID", value: ({ pid }) => Number(pid) || pid, number: true },
  {
    key: "cpu",
    title: "CPU",
    number: true,
    value: ({ cpuRatio }) => cpuRatio,
    cell: ({ cpuRatio }) => <span title={exactValue(cpuRatio, "ratio")}>{formatValue(cpuRatio, "ratio")}</span>,
  },
  {
    key: "memory",
    title: "Memory",
    number: true,
    value: ({ memoryBytes }) => memoryBytes,
    cell: ({ memoryBytes }) => <span title={exactValue(memoryBytes, "bytes")}>{formatValue(memoryBytes, "bytes")}</span>,
  },
];

/**
 * The ten busiest and largest processes of the end of the range.
 * @param endMs null for a range that follows the present
 * @param onlineSince epoch milliseconds of the first sample; null when longer ago than is known
 */
export function ProcessTable({ host, endMs, onlineSince }: { host: string; endMs: number | null; onlineSince: number | null }) {
  const read = useResource(
    `processes:${host}:${endMs}`,
    async (abort) => {
      const end = endMs ?? serverNow();
      const query = (metric: string) =>
        api.metrics.query(
          {
            metric,
            matchers: [{ label: "host", value: host }],
            start: new Date(end - PRESENT_MS).toISOString(),
            end: new Date(end).toISOString(),
            stepMs: 5_000,
            aggregate: "last",
          },
          { signal: abort },
        );
      const [cpu, memory] = await Promise.all([query(HOST_METRICS.processCpu), query(HOST_METRICS.processMemory)]);
      return joinProcesses(cpu, memory);
    },
    endMs === null ? 10_000 : undefined,
  );
  const rows = read.data.value;
  return (
    <Card title="Processes, top 10" class="processes">
      {rows === undefined ? (
        read.error.value ? (
          <PageError failure={failureOf(read.error.value, "Processes could not be read")} onRetry={read.reload} />
        ) : (
          <Skeleton rows={6} />
        )
      ) : rows.length === 0 && endMs === null && awaitsProcesses(onlineSince, now.value) ? (
        <EmptyState title="Waiting for the first process report (every 15 s)." />
      ) : rows.length === 0 ? (
        <EmptyState title="No process was reported">The agent sends the ten busiest when its “processes” collector is on.</EmptyState>
      ) : (
        <Table name="processes" label="Processes" columns={COLUMNS} rows={rows} id={({ pid, process }) => `${process}:${pid}`} />
      )}
    </Card>
  );
}
