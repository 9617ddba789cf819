import { SlidersHorizontal, Trash2 } from "lucide";
import type { Cardinality } from "../../../../contract/metric-catalog.ts";
import { serverNow } from "../../../lib/clock.ts";
import { formatAge, formatValue } from "../../../lib/format.ts";
import { go } from "../../../lib/location.ts";
import { useResource } from "../../../lib/resource.ts";
import { LinkButton } from "../../../ui/button.tsx";
import { Card } from "../../../ui/card.tsx";
import { PageHead } from "../../../ui/page-head.tsx";
import { EmptyState, Notice, Skeleton } from "../../../ui/states.tsx";
import { type Column, Table } from "../../../ui/table.tsx";
import { failureOf, PageError } from "../../page-error.tsx";
import type { PageProps } from "../../pages.ts";
import { can } from "../../session.ts";
import { metricsApi } from "../metrics-api.ts";
import { cardinalityHead, explodingLabel, pairMatcher } from "./cardinality-words.ts";
import { DeleteDrawer } from "./delete-drawer.tsx";
import { HourBars } from "./hour-bars.tsx";
import { LabelDrawer } from "./label-drawer.tsx";
import { CARDINALITY, chosenAddress } from "./series-address.ts";
import { SeriesDrawer } from "./series-drawer.tsx";
import { SettingsDrawer } from "./settings-drawer.tsx";
import "./cardinality.css";

type Line = Cardinality["metrics"][number];
type Label = Cardinality["labels"][number];

function labelAddress(name: string): string {
  return `${CARDINALITY}/label?label=${encodeURIComponent(name)}`;
}

function Count({ of }: { of: number }) {
  return <>{of.toLocaleString("en")}</>;
}

function lineColumns(title: string, all: number): readonly [Column<Line>, ...Column<Line>[]] {
  return [
    { key: "name", title, value: ({ name }) => name },
    { key: "series", title: "Series", number: true, value: ({ series }) => series, cell: ({ series }) => <Count of={series} /> },
    {
      key: "share",
      title: "Share",
      number: true,
      value: ({ series }) => series / Math.max(1, all),
      cell: ({ series }) => formatValue(series / Math.max(1, all), "ratio"),
    },
  ];
}

const LABELS: readonly [Column<Label>, ...Column<Label>[]] = [
  { key: "name", title: "Label", value: ({ name }) => name },
  { key: "values", title: "Values", number: true, value: ({ values }) => values, cell: ({ values }) => <Count of={values} /> },
  { key: "series", title: "Series", number: true, value: ({ series }) => series, cell: ({ series }) => <Count of={series} /> },
];

/** The label that looks like an id, and what to do about it. */
function Exploding({ of }: { of: Cardinality }) {
  const label = explodingLabel(of);
  if (!label) return null;
  return (
    <Notice tone="warn">
      <strong>
        {label.name} has {label.values.toLocaleString("en")} values
      </strong>{" "}
      on {label.series.toLocaleString("en")} of {of.activeSeries.toLocaleString("en")} series: each value makes series of its own. If it is
      an id, a time or a path, drop it where it is sent, then delete what it left.{" "}
      <a class="link" href={labelAddress(label.name)}>
        See its values
      </a>
      {can("metrics:manage") && (
        <>
          {" · "}
          <a class="link" href={chosenAddress("delete", { metric: "", matchers: [{ label: label.name, op: "!=", value: "" }] })}>
            Delete its series
          </a>
        </>
      )}
    </Notice>
  );
}

function Tables({ of }: { of: Cardinality }) {
  return (
    <div class="cardinality-grid">
      <Card>
        <Table
          bar={<h2>Metrics with most series</h2>}
          name="top-metrics"
          label="Metrics with most series"
          columns={lineColumns("Metric", of.activeSeries)}
          rows={of.metrics}
          id={({ name }) => name}
          href={({ name }) => chosenAddress("series", { metric: name, matchers: [] })}
        />
      </Card>
      <Card>
        <Table
          bar={<h2>Labels with most values</h2>}
          name="top-labels"
          label="Labels with most values"
          columns={LABELS}
          rows={of.labels}
          id={({ name }) => name}
          href={({ name }) => labelAddress(name)}
        />
      </Card>
      <Card>
        <Table
          bar={<h2>Pairs with most series</h2>}
          name="top-pairs"
          label="Pairs with most series"
          columns={lineColumns("Label and value", of.activeSeries)}
          rows={of.pairs}
          id={({ name }) => name}
          href={({ name }) => chosenAddress("series", { metric: "", matchers: [pairMatcher(name)] })}
        />
      </Card>
    </div>
  );
}

/** What takes how many series, whether there is room for more, and what to do about the greediest. */
export default function CardinalityPage({ params }: PageProps) {
  const read = useResource("cardinality", (abort) => metricsApi.cardinality(abort), 30_000);
  const of = read.data.value;
  const failure = read.error.value;
  const close = () => go(CARDINALITY);
  const open = params["what"];
  return (
    <>
      {of && (
        <PageHead
          {...cardinalityHead(of)}
          actions={
            <>
              <LinkButton href={`${CARDINALITY}/settings`} icon={SlidersHorizontal}>
                Limits and retention
              </LinkButton>
              {can("metrics:manage") && (
                <LinkButton href={`${CARDINALITY}/delete`} icon={Trash2}>
                  Delete series
                </LinkButton>
              )}
            </>
          }
        />
      )}
      {!of && failure && <PageError failure={failureOf(failure, "Cardinality could not be read")} onRetry={read.reload} />}
      {!of && !failure && <Skeleton rows={4} />}
      {of && (
        <div class="stack">
          {failure && (
            <Notice tone="warn">
              This could not be refreshed: {failure.detail}. What is shown is {formatAge(serverNow() - read.at.value)} old.
            </Notice>
          )}
          {of.activeSeries === 0 ? (
            <EmptyState title="No series yet" action={<LinkButton href="/console/observe/ingest?send=prometheus">How to send</LinkButton>}>
              A series is a metric with one set of labels. Here stands which metrics and labels make how many, once samples come in.
            </EmptyState>
          ) : (
            <>
              <Exploding of={of} />
              <HourBars hours={of.newSeries} allowed={of.newSeriesPerHour} />
              <Tables of={of} />
            </>
          )}
        </div>
      )}
      {open === "series" && <SeriesDrawer key={location.search} onClose={close} />}
      {open === "label" && <LabelDrawer key={location.search} onClose={close} />}
      {open === "delete" && can("metrics:manage") && <DeleteDrawer onDeleted={read.reload} onClose={close} />}
      {open === "settings" && <SettingsDrawer onSaved={read.reload} onClose={close} />}
    </>
  );
}
