import { formatAge } from "../../../lib/format.ts";
import { serverNow } from "../../../lib/clock.ts";
import { place, setQuery } from "../../../lib/location.ts";
import { pointCount } from "../../../lib/series.ts";
import { zoomQuery } from "../../../lib/time-range.ts";
import { readQuery } from "../../../lib/url-state.ts";
import { Notice, Skeleton } from "../../../ui/states.tsx";
import { TimeSeriesChart } from "../../../ui/time-series-chart.tsx";
import { gatheredWords } from "./explore-lines.ts";
import type { ExploreState } from "./explore-state.ts";
import { QueryTraceLine } from "./query-trace.tsx";
import type { Exploring } from "./use-explore.ts";

interface ExploreChartProps {
  readonly of: Exploring;
  readonly state: ExploreState;
  readonly onChange: (state: ExploreState) => void;
}

/** The picture of the answer. While another is fetched, or refused, the last one stays. */
export function ExploreChart({ of, state, onChange }: ExploreChartProps) {
  const explored = of.resource.data.value;
  const refused = of.refusal.value !== undefined;
  if (!explored) return refused ? null : <Skeleton rows={1} shape="chart" />;
  const { drawing, reply, unit, title, fromMs, toMs, beforeFailed } = explored;
  const isolated = readQuery(place.value.search, "show").split("|").filter(Boolean);
  const empty = reply.series.length === 0 || pointCount(drawing.lines) === 0;
  return (
    <div class={`explore-chart${of.resource.loading.value ? " asking" : ""}`} aria-busy={of.resource.loading.value}>
      {refused && of.resource.at.value > 0 && (
        <Notice tone="warn">The chart is the last answer, {formatAge(serverNow() - of.resource.at.value)} old.</Notice>
      )}
      {beforeFailed && <Notice tone="warn">Nothing of the period before: {beforeFailed.detail}</Notice>}
      <TimeSeriesChart
        title={title}
        unit={unit}
        lines={drawing.lines}
        extras={drawing.extras}
        fromMs={fromMs}
        toMs={toMs}
        log={state.log}
        most={Infinity}
        note={gatheredWords(drawing)}
        isolated={isolated.filter((name) => drawing.lines.lines.has(name))}
        onIsolate={(names) => setQuery({ show: names.join("|") })}
        onRange={(from, to) => setQuery(zoomQuery(from, to), { replace: false })}
        onReset={() => setQuery({ from: null, to: null }, { replace: false })}
        table={{ shown: state.table, onShow: (table) => onChange({ ...state, table }) }}
        dim={refused}
        instead={
          empty ? (
            <div class="explore-empty">
              <strong>No series fits in this range.</strong>
              <p class="muted">A condition may be too narrow, or the samples lie outside of the range: try a longer one at the top.</p>
            </div>
          ) : undefined
        }
      />
      <QueryTraceLine trace={reply.trace} stepMs={reply.stepMs} />
    </div>
  );
}
