import { useMemo } from "preact/hooks";
import { exactValue, formatExact, formatValue, type Unit } from "../lib/format.ts";
import type { Lines } from "../lib/series.ts";
import { csv } from "../lib/table-model.ts";
import { CopyButton } from "./copy-button.tsx";
import { type Column, Table } from "./table.tsx";

interface Step {
  readonly atMs: number;
  readonly values: readonly (number | null)[];
}

/** The numbers of a chart as text, newest first, for reading and copying. */
export function ChartTable({ title, lines, unit }: { title: string; lines: Lines; unit: Unit }) {
  const names = [...lines.lines.keys()];
  const rows = useMemo(() => {
    const all = [...lines.lines.values()];
    const steps: Step[] = (all[0] ?? []).map((_, i) => ({
      atMs: lines.startMs + i * lines.stepMs,
      values: all.map((values) => values[i] ?? null),
    }));
    return steps.toReversed();
  }, [lines]);
  const asCsv = () =>
    csv(
      ["Time", ...names],
      rows.map(({ atMs, values }) => [new Date(atMs).toISOString(), ...values]),
    );
  const time: Column<Step> = {
    key: "time",
    title: "Time",
    value: ({ atMs }) => new Date(atMs).toISOString(),
    cell: ({ atMs }) => formatExact(atMs),
  };
  const columns = names.map<Column<Step>>((name, i) => ({
    key: name,
    title: name,
    number: true,
    value: ({ values }) => values[i] ?? null,
    cell: ({ values }) => <span title={exactValue(values[i], unit)}>{formatValue(values[i], unit)}</span>,
  }));
  return (
    <div class="chart-table">
      <Table
        name={`chart-${title.toLowerCase().replaceAll(" ", "-")}`}
        label={title}
        columns={[time, ...columns]}
        rows={rows}
        id={({ atMs }) => String(atMs)}
        bar={<CopyButton text={asCsv} words="Copy as CSV" label="Copy the numbers as CSV" />}
      />
    </div>
  );
}
