import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { RealtimeStats } from "../../../contract/realtime.ts";
import { formatValue, NOTHING } from "../../lib/format.ts";
import { useResource } from "../../lib/resource.ts";
import { Card } from "../../ui/card.tsx";
import { LinkButton } from "../../ui/button.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { Sparkline } from "../../ui/sparkline.tsx";
import { ErrorState, Skeleton } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { api } from "../api.ts";
import { bytesWords, closeWords, realtimeHead } from "./realtime-words.ts";
import { StaleNotice } from "./stale-notice.tsx";
import "./realtime.css";

const EVERY_MS = 5_000;
/** Ten minutes of what was seen since the page was opened. */
const KEPT = 120;

type Busy = RealtimeStats["busiest"][number];
const BUSY: readonly [Column<Busy>, ...Column<Busy>[]] = [
  { key: "object", title: "Room or hub", value: ({ object }) => object },
  { key: "sockets", title: "Sockets", number: true, value: ({ sockets }) => sockets },
  {
    key: "sends",
    title: "Sends",
    number: true,
    wide: true,
    value: ({ sendsPerSecond }) => sendsPerSecond,
    cell: ({ sendsPerSecond }) => formatValue(sendsPerSecond, "perSecond"),
  },
  {
    key: "deliveries",
    title: "Deliveries",
    number: true,
    value: ({ deliveriesPerSecond }) => deliveriesPerSecond,
    cell: ({ deliveriesPerSecond }) => formatValue(deliveriesPerSecond, "perSecond"),
  },
];
type Slow = RealtimeStats["slowQueries"][number];
const SLOW: readonly [Column<Slow>, ...Column<Slow>[]] = [
  { key: "name", title: "Statement", value: ({ name }) => name },
  { key: "object", title: "Room or hub", value: ({ object }) => object },
  { key: "rows", title: "Rows read", number: true, value: ({ rows }) => rows },
  { key: "times", title: "Times", number: true, value: ({ times }) => times },
];

/** How live delivery is doing: who is connected, how fast messages arrive, what goes wrong, what it weighs. */
export default function RealtimePage() {
  const stats = useResource("realtime", async (signal) => await api.realtime.stats({ signal }), EVERY_MS);
  const seen = useSignal<readonly RealtimeStats[]>([]);
  const now = stats.data.value;
  useEffect(() => {
    if (now) seen.value = [...seen.value, now].slice(-KEPT);
  }, [now]);
  const error = stats.error.value;
  if (!now) {
    return error ? (
      <ErrorState
        failure={{ title: "The figures could not be read", detail: error.detail, requestId: error.requestId }}
        onRetry={stats.reload}
      />
    ) : (
      <Skeleton rows={6} />
    );
  }
  return (
    <>
      <PageHead {...realtimeHead(now)} actions={<LinkButton href="/console/live/connections">See connections</LinkButton>} />
      {error && <StaleNotice what="The figures" failure={error} at={stats.at.value} />}
      <div class="rt-cards">
        <Figure title="Sockets" of={({ sockets }) => sockets} unit="count" seen={seen.value} color="--series-1" />
        <Figure title="Sends" of={({ sendsPerSecond }) => sendsPerSecond} unit="perSecond" seen={seen.value} color="--series-2" />
        <Figure
          title="Deliveries"
          of={({ deliveriesPerSecond }) => deliveriesPerSecond}
          unit="perSecond"
          seen={seen.value}
          color="--series-3"
        />
        <Figure
          title="Delivered in, 99 of 100"
          of={({ delivery }) => delivery.p99Ms}
          unit="milliseconds"
          seen={seen.value}
          color="--series-6"
        />
      </div>
      <div class="rt-halves">
        <Card title={<h2>Performance</h2>}>
          <dl class="rt-facts">
            <Fact title="Delivery, half" value={milliseconds(now.delivery.p50Ms)} />
            <Fact title="Delivery, 99 of 100" value={milliseconds(now.delivery.p99Ms)} />
            <Fact title="Measured deliveries" value={now.delivery.probes.toLocaleString("en")} />
            <Fact title="Bytes, each message alone" value={formatValue(now.bytesSingle, "bytes")} />
            <Fact title="Bytes in batches" value={bytesWords(now.bytesSingle, now.bytesBatched)} />
            <Fact title="Bytes sent, compressed" value={bytesWords(now.bytesSingle, now.bytesSent)} />
            <Fact title="Unread at slow readers" value={formatValue(now.unreadBytes, "bytes")} />
            <Fact title="Waiting, critical / normal / low" value={`${now.queued.critical} / ${now.queued.normal} / ${now.queued.low}`} />
            <Fact title="Events not handed on yet" value={now.outboxDepth.toLocaleString("en")} />
          </dl>
        </Card>
        <Card title={<h2>Protocol</h2>}>
          <dl class="rt-facts">
            <Fact title="Recoveries, whole" value={now.recoveries.toLocaleString("en")} />
            <Fact title="Recoveries refused, read anew" value={now.refusedRecoveries.toLocaleString("en")} />
            <Fact title="Left out for low priority" value={now.shed.toLocaleString("en")} />
            <Fact title="New connections" value={formatValue(now.opensPerSecond, "perSecond")} />
            {Object.entries(now.errors).map(([code, count]) => (
              <Fact key={code} title={`Closed: ${closeWords(code)}`} value={count.toLocaleString("en")} />
            ))}
          </dl>
        </Card>
      </div>
      <h2>Busiest</h2>
      <Table
        name="realtime-busiest"
        label="Busiest rooms and hubs"
        columns={BUSY}
        rows={now.busiest}
        id={({ object }) => object}
        href={({ object }) => `/console/live/connections?object=${encodeURIComponent(object)}`}
      />
      {now.slowQueries.length > 0 && (
        <>
          <h2>Statements that read much</h2>
          <Table
            name="realtime-slow"
            label="Statements that read many rows"
            columns={SLOW}
            rows={now.slowQueries}
            id={({ object, name }) => `${object} ${name}`}
          />
        </>
      )}
    </>
  );
}

interface FigureProps {
  readonly title: string;
  readonly of: (stats: RealtimeStats) => number | null;
  readonly unit: Parameters<typeof formatValue>[1];
  readonly seen: readonly RealtimeStats[];
  readonly color: string;
}

function Figure({ title, of, unit, seen, color }: FigureProps) {
  const values = seen.map(of);
  const last = values.at(-1);
  const top = Math.max(1, ...values.map((value) => value ?? 0));
  return (
    <Card title={<h2>{title}</h2>}>
      <p class="rt-number">{last === undefined || last === null ? NOTHING : formatValue(last, unit)}</p>
      <Sparkline values={values} domain={[0, top]} color={color} />
    </Card>
  );
}

function Fact({ title, value }: { title: string; value: string }) {
  return (
    <>
      <dt>{title}</dt>
      <dd>{value}</dd>
    </>
  );
}

function milliseconds(value: number | null): string {
  return value === null ? NOTHING : `up to ${formatValue(value, "milliseconds")}`;
}
