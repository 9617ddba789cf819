import { useEffect } from "preact/hooks";
import type { HostPush } from "../../../contract/rpc/metrics.ts";
import { now, serverNow } from "../../lib/clock.ts";
import { knownAt } from "../../lib/contact.ts";
import { WORTH_SAYING_MS } from "../../lib/last-known.ts";
import { exactValue, formatAge, formatClock, formatDuration, formatExact, formatValue, sampleWords } from "../../lib/format.ts";
import { place, setQuery } from "../../lib/location.ts";
import { useResource } from "../../lib/resource.ts";
import { pointCount } from "../../lib/series.ts";
import { readRange, zoomQuery } from "../../lib/time-range.ts";
import { readQuery } from "../../lib/url-state.ts";
import { LinkButton } from "../../ui/button.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { EmptyState, Notice, Skeleton } from "../../ui/states.tsx";
import { TimeSeriesChart } from "../../ui/time-series-chart.tsx";
import { api } from "../api.ts";
import { follow } from "../live.ts";
import { failureOf, PageError } from "../page-error.tsx";
import type { PageProps } from "../pages.ts";
import { can } from "../session.ts";
import { diskRatio, type HostView, isFresh, memoryRatio, stateAt, troublesOf, viewOf } from "./host-board.ts";
import { chartLines, HOST_CHARTS, type HostChart } from "./host-charts.ts";
import { STATE_TONES } from "./host-words.ts";
import { ProcessTable } from "./process-table.tsx";
import { type HostSeries, useHostSeries } from "./use-host-series.ts";
import "./host-page.css";

const DEFAULT_RANGE = "1h";

/** Whether the console has not heard from the server for so long that it should say so. */
function isCutOff(): boolean {
  return now.value - knownAt.value >= WORTH_SAYING_MS;
}

function Facts({ host }: { host: HostView }) {
  const facts = [
    ["CPU", formatValue(host.cpuRatio, "ratio"), exactValue(host.cpuRatio, "ratio")],
    ["Load", formatValue(host.load1, "load"), "over one minute"],
    ["Memory", formatValue(memoryRatio(host), "ratio"), exactValue(host.memoryUsedBytes, "bytes")],
    ["Fullest disk", formatValue(diskRatio(host), "ratio"), exactValue(host.diskUsedBytes, "bytes")],
    ["In", formatValue(host.receiveBytesPerSecond, "bytesPerSecond"), exactValue(host.receiveBytesPerSecond, "bytesPerSecond")],
    ["Out", formatValue(host.transmitBytesPerSecond, "bytesPerSecond"), exactValue(host.transmitBytesPerSecond, "bytesPerSecond")],
    ["Up", formatDuration((host.uptimeSeconds ?? Number.NaN) * 1_000), ""],
  ] as const;
  return (
    <dl class={`key-figures${stateAt(host, knownAt.value) === "online" && !isCutOff() ? "" : " stale"}`}>
      {facts.map(([name, value, exact]) => (
        <div key={name} title={exact}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Head({ host }: { host: HostView }) {
  const state = stateAt(host, knownAt.value);
  const cutOff = isCutOff();
  const age = formatAge(now.value - host.lastReceivedAt);
  const troubles = troublesOf(host);
  const since = host.onlineSince === null ? "" : `, online since ${formatClock(host.onlineSince)}`;
  const detail = cutOff
    ? `How it is now is not known; before that it was ${state}. The page catches up by itself.`
    : state === "online"
      ? `${sampleWords(now.value - host.lastReceivedAt)}${since}${troubles.length > 0 ? `; nearly full or busy: ${troubles.join(", ")}` : ""}`
      : `silent for ${age}, since ${formatClock(host.lastReceivedAt)}. The figures are its last ones.`;
  return (
    <PageHead
      tone={cutOff || (state === "online" && troubles.length > 0) ? "warn" : STATE_TONES[state]}
      headline={cutOff ? `${host.host}: no connection for ${formatAge(now.value - knownAt.value)}` : `${host.host} is ${state}`}
      detail={<span title={formatExact(host.lastSampleAt)}>{detail}</span>}
      actions={
        can("agents:read") &&
        host.agentId !== null && (
          <LinkButton href={`/console/control/agents/${encodeURIComponent(host.agentId)}`}>Open its agent</LinkButton>
        )
      }
    />
  );
}

function HostChartCard({ chart, series }: { chart: HostChart; series: HostSeries }) {
  const { parts, failure } = series.charts.get(chart.id)?.value ?? { parts: [] };
  const lines = chartLines(chart, parts);
  const bounds = series.bounds.value;
  const parameter = `show.${chart.id}`;
  const isolated = readQuery(place.value.search, parameter).split("|").filter(Boolean);
  const absent = pointCount(lines) > 0 ? chart.absent?.(parts) : undefined;
  const instead =
    absent !== undefined ? (
      <p class="muted">{absent}</p>
    ) : pointCount(lines) > 0 ? undefined : parts.length > 0 ? (
      <p class="muted">{chart.without}</p>
    ) : failure ? (
      <PageError failure={failureOf(failure, "This chart could not be read")} onRetry={series.state.reload} />
    ) : (
      <Skeleton rows={1} shape="plot" />
    );
  return (
    <TimeSeriesChart
      title={chart.title}
      unit={chart.unit}
      lines={lines}
      fromMs={bounds.fromMs}
      toMs={bounds.toMs}
      top={chart.top}
      lead={chart.lead}
      {...(chart.thresholds && { thresholds: chart.thresholds })}
      isolated={isolated}
      onIsolate={(names) => setQuery({ [parameter]: names.join("|") })}
      onRange={(fromMs, toMs) => setQuery(zoomQuery(fromMs, toMs), { replace: false })}
      onReset={() => setQuery({ from: null, to: null }, { replace: false })}
      instead={instead}
      dim={failure !== undefined || series.state.error.value !== undefined}
    />
  );
}

/** Said once for all charts: why there are none, or how old they are. */
function ChartsNotice({ series }: { series: HostSeries }) {
  const { error, at, reload } = series.state;
  if (!error.value) return null;
  if (at.value === 0) return <PageError failure={failureOf(error.value, "The charts could not be read")} onRetry={reload} />;
  return (
    <Notice tone="warn">
      The charts could not be refreshed: {error.value.detail}. What they show was read {formatAge(serverNow() - at.value)} ago.
    </Notice>
  );
}

/** One host: its state and figures, and every series it sends over the page's range. */
export default function HostPage({ params }: PageProps) {
  const name = params["host"] ?? "";
  const range = readRange(place.value.search, DEFAULT_RANGE);
  const host = useResource(`host:${name}`, (abort) => api.hosts.get(name, { signal: abort }), 10_000);
  const series = useHostSeries(name, range);

  useEffect(
    () =>
      follow(`metrics/${name}`, {
        // The hub sends on `metrics/{host}` what the shard published, whose shape is HostPush.
        event: (event) => series.push(event.data as HostPush),
        subscribed: (_position, recovered) => {
          if (!recovered && series.state.at.peek() > 0) series.state.reload();
        },
        gap: series.state.reload,
      }),
    [series.state],
  );

  const fresh = host.data.value !== undefined && isFresh(host.data.value);
  useEffect(() => {
    // An hour with one minute in it shows nothing: a host that has just come starts with five minutes, said in the address.
    const { search } = place.peek();
    if (fresh && !/[?&](range|from)=/.test(search)) setQuery({ range: "5m" });
  }, [name, fresh]);

  const failure = host.error.value;
  const data = host.data.value;
  if (!data) {
    if (failure?.status === 404) {
      return (
        <EmptyState title={`No host called ${name}`} action={<LinkButton href="/console/observe">Show all hosts</LinkButton>}>
          None of that name has sent a sample in the last 24 hours. It may have been renamed.
        </EmptyState>
      );
    }
    if (failure) return <PageError failure={failureOf(failure, "This host could not be read")} onRetry={host.reload} />;
    return <Skeleton rows={4} shape="chart" />;
  }
  const view = viewOf(data);
  const unread = series.state.at.value === 0;
  return (
    <div class="stack">
      <div>
        <Head host={view} />
        {failure && (
          <Notice tone="warn">The host could not be refreshed: {failure.detail}. The charts below still follow the live connection.</Notice>
        )}
        <Facts host={view} />
      </div>
      <ChartsNotice series={series} />
      <div class="chart-grid">
        {(!unread || !series.state.error.value) &&
          HOST_CHARTS.map((chart) => <HostChartCard key={chart.id} chart={chart} series={series} />)}
        <ProcessTable host={name} endMs={range.kind === "exact" ? range.toMs : null} onlineSince={view.onlineSince} />
      </div>
      <p class="muted chart-help">
        Drag across a chart to zoom, double-click to reset, shift-drag to move. Click a series to see it alone, Ctrl-click to add one.
      </p>
    </div>
  );
}
