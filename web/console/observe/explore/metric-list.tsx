import { useSignal } from "@preact/signals";
import { plural } from "../../../lib/format.ts";
import { go, place } from "../../../lib/location.ts";
import { useResource } from "../../../lib/resource.ts";
import { readQuery } from "../../../lib/url-state.ts";
import { LinkButton } from "../../../ui/button.tsx";
import { EmptyState } from "../../../ui/states.tsx";
import { type Column, Table } from "../../../ui/table.tsx";
import { Listing } from "../../listing.tsx";
import { metricsApi } from "../metrics-api.ts";
import { exploreAddress } from "./explore-state.ts";
import { noteMetrics } from "./metric-info.ts";
import { firstQuestion, type MetricInfo } from "./metric-words.ts";

/** More are found by name. */
const LISTED = 500;

function addressOf({ metric, type }: MetricInfo): string {
  const range = readQuery(place.value.search, "range");
  return exploreAddress([firstQuestion(metric, type)], range === "" ? {} : { range });
}

const NAME: Column<MetricInfo> = { key: "metric", title: "Metric", value: ({ metric }) => metric };
const COLUMNS: readonly Column<MetricInfo>[] = [
  { key: "series", title: "Series", number: true, value: ({ series }) => series, cell: ({ series }) => series.toLocaleString("en") },
  { key: "type", title: "Type", wide: true, value: ({ type }) => type ?? "" },
  { key: "unit", title: "Unit", wide: true, value: ({ unit }) => unit ?? "" },
  { key: "help", title: "What it is", wide: true, value: ({ help }) => help ?? "" },
];

/** The metrics that there are, each a click away from its chart. */
export function MetricList() {
  const total = useSignal(0);
  const names = useResource(
    "names",
    async (abort) => {
      const found = await metricsApi.names({ limit: LISTED }, abort);
      noteMetrics(found.items);
      total.value = found.total;
      return found.items;
    },
    30_000,
  );
  return (
    <Listing
      of={names}
      what="metrics"
      empty={
        <EmptyState title="No metric yet" action={<LinkButton href="/console/observe/ingest?send=prometheus">How to send</LinkButton>}>
          Metrics appear here with their first sample: from an agent, a Prometheus, an OpenTelemetry SDK or a line of curl.
        </EmptyState>
      }
    >
      {(rows) => (
        <Table
          name="metrics"
          label="Metrics"
          // What no sender has told makes no empty column.
          columns={[NAME, ...COLUMNS.filter(({ value }) => rows.some((row) => value(row) !== ""))]}
          rows={rows}
          id={({ metric }) => metric}
          href={addressOf}
          open={(row) => go(addressOf(row))}
          bar={
            <span class="muted">
              {total.value > rows.length
                ? `the ${rows.length} with most series of ${total.value.toLocaleString("en")} metrics; the others are found by name`
                : plural(rows.length, "metric")}
            </span>
          }
        />
      )}
    </Listing>
  );
}
