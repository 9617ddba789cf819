import type { Rejected } from "../../../../contract/metric-catalog.ts";
import { serverNow } from "../../../lib/clock.ts";
import { formatDuration, formatValue, NOTHING } from "../../../lib/format.ts";
import { place, setQuery } from "../../../lib/location.ts";
import { readQuery } from "../../../lib/url-state.ts";
import { Card } from "../../../ui/card.tsx";
import { type Column, Table } from "../../../ui/table.tsx";
import { TimeSeriesChart } from "../../../ui/time-series-chart.tsx";
import { When } from "../../../ui/when.tsx";
import { rateLines, sourceName, type SourceRow, sourceRow } from "./ingest-words.ts";

/** Who sends how much, in the last hour. */
export function Sources({ of, keyNames }: { of: Rejected; keyNames: ReadonlyMap<string, string> }) {
  const lines = rateLines(of.ingest, keyNames, serverNow());
  const columns: readonly [Column<SourceRow>, ...Column<SourceRow>[]] = [
    { key: "source", title: "Source", value: (row) => sourceName(row, keyNames) },
    {
      key: "samples",
      title: "Samples",
      number: true,
      value: ({ samples }) => samples,
      cell: ({ samples }) => formatValue(samples, "count"),
    },
    {
      key: "requests",
      title: "Requests",
      number: true,
      wide: true,
      value: ({ requests }) => requests,
      cell: ({ requests }) => formatValue(requests, "count"),
    },
    {
      key: "rejected",
      title: "Refused",
      number: true,
      value: ({ rejected }) => rejected,
      cell: ({ rejected }) => <span class={rejected > 0 ? "warn-text" : undefined}>{formatValue(rejected, "count")}</span>,
    },
    {
      key: "lag",
      title: "Lag",
      number: true,
      value: ({ lagMs }) => lagMs,
      cell: ({ lagMs }) => (lagMs === null ? NOTHING : formatDuration(lagMs)),
    },
    {
      key: "last",
      title: "Last request",
      number: true,
      wide: true,
      value: ({ lastMs }) => lastMs,
      cell: ({ lastMs }) => <When at={lastMs} />,
    },
  ];
  return (
    <>
      <TimeSeriesChart
        title="Samples stored, by protocol and key"
        unit="perSecond"
        lines={lines}
        fromMs={lines.startMs}
        toMs={lines.startMs + 60 * lines.stepMs}
        isolated={readQuery(place.value.search, "show")
          .split("|")
          .filter((name) => lines.lines.has(name))}
        onIsolate={(names) => setQuery({ show: names.join("|") })}
        // The inspector keeps one hour: there is nothing to zoom into.
        onRange={() => {}}
        onReset={() => {}}
      />
      <Card>
        <Table
          bar={<h2>Sources of the last hour</h2>}
          name="sources"
          label="Sources"
          columns={columns}
          rows={of.ingest.map(sourceRow)}
          id={({ protocol, keyId }) => `${protocol} ${keyId}`}
        />
      </Card>
    </>
  );
}
