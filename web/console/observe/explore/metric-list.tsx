import { place, setQuery } from "../../../lib/location.ts";
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

const COLUMNS: readonly [Column<MetricInfo>, ...Column<MetricInfo>[]] = [
  { key: "metric", title: "Metric", value: ({ metric }) => metric },
  { key: "series", title: "Series", number: true, value: ({ series }) => series, cell: ({ series }) => series.toLocaleString("en") },
  { key: "type", title: "Type", wide: true, value: ({ type }) => type ?? "" },
  { key: "unit", title: "Unit", wide: true, value: ({ unit }) => unit ?? "" },
  { key: "help", title: "What it is", wide: true, value: ({ help }) => help ?? "" },
];

/** The metrics that there are, each a click away from its chart. */
export function MetricList() {
  const search = readQuery(place.value.search, "find");
  const names = useResource(
    `names:${search}`,
    async (abort) => {
      const found = await metricsApi.names({ search, limit: LISTED }, abort);
      noteMetrics(found.items);
      return found.items;
    },
    30_000,
  );
  return (
    <>
      <div class="filters" role="search">
        <input
          type="search"
          placeholder="Filter by name ( / )"
          aria-label="Filter metrics by name"
          value={search}
          onInput={(event) => setQuery({ find: event.currentTarget.value })}
        />
      </div>
      <Listing
        of={names}
        what="metrics"
        empty={
          search === "" ? (
            <EmptyState title="No metric yet" action={<LinkButton href="/console/observe/ingest?send=prometheus">How to send</LinkButton>}>
              Metrics appear here with their first sample: from an agent, a Prometheus, an OpenTelemetry SDK or a line of curl.
            </EmptyState>
          ) : (
            <EmptyState title={`No metric is called ${search}`}>
              Names are searched in their whole length. A metric is forgotten a day after its last sample; what was kept of it can still be
              asked for above.
            </EmptyState>
          )
        }
      >
        {(rows) => (
          <Table
            name="metrics"
            label="Metrics"
            columns={COLUMNS}
            rows={rows}
            id={({ metric }) => metric}
            href={addressOf}
            bar={<span class="muted">{rows.length === LISTED ? `the first ${LISTED}` : `${rows.length} metrics`}</span>}
          />
        )}
      </Listing>
    </>
  );
}
