import { useSignal } from "@preact/signals";
import { Table2, TrendingUp } from "lucide";
import type uPlot from "uplot";
import { useEffect, useMemo, useRef } from "preact/hooks";
import "uplot/dist/uPlot.min.css";
import { drawSoon, forgetDraw } from "../lib/draw.ts";
import type { Unit } from "../lib/format.ts";
import { type Lines, limitLines, pointCount } from "../lib/series.ts";
import { lineColours } from "../lib/series-colours.ts";
import { paletteVersion } from "../lib/theme.ts";
import { Button } from "./button.tsx";
import { Card } from "./card.tsx";
import { ChartLegend } from "./chart-legend.tsx";
import { ChartTable } from "./chart-table.tsx";
import { makePlot, plotData, type PlotExtras, type PlotOptions } from "./plot.ts";
import "./chart.css";

export interface ChartProps {
  readonly title: string;
  readonly unit: Unit;
  readonly lines: Lines;
  readonly fromMs: number;
  readonly toMs: number;
  readonly top?: number | undefined;
  readonly lead?: string | undefined;
  readonly thresholds?: PlotOptions["thresholds"];
  /** Names to show alone; empty shows all. Held by the address. */
  readonly isolated: readonly string[];
  readonly onIsolate: (names: readonly string[]) => void;
  readonly onRange: (fromMs: number, toMs: number) => void;
  readonly onReset: () => void;
  /** Stands in the chart's place: a skeleton, an error, or why there is nothing. */
  readonly instead?: preact.ComponentChildren;
  readonly dim?: boolean;
  readonly log?: boolean;
  readonly extras?: PlotExtras;
  /** Lines drawn at most, before the rest is gathered. */
  readonly most?: number;
  /** Below the drawing: what it leaves out. */
  readonly note?: string | undefined;
  /** Whether the numbers stand there as text, where the address holds it. */
  readonly table?: { readonly shown: boolean; readonly onShow: (shown: boolean) => void };
}

const NO_THRESHOLDS: PlotOptions["thresholds"] = [];

/** The drawing itself: made anew when names or colours change, fed when data or range do. */
function Plot(props: ChartProps & { onCursor: (index: number | null) => void }) {
  const { lines, fromMs, toMs, unit, top, log, extras } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const names = [...lines.lines.keys()].join("\n");
  const shown = props.isolated.join("\n");
  const palette = paletteVersion.value;
  const banded = [...(extras?.bands.keys() ?? [])].join("\n");

  const feed = useMemo(
    () => () => {
      const { lines: now, fromMs: from, toMs: to } = latest.current;
      plot.current?.batch(() => {
        plot.current?.setData(plotData(now, latest.current), false);
        plot.current?.setScale("x", { min: from / 1_000, max: to / 1_000 });
      });
    },
    [],
  );

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const now = latest.current;
    const made = makePlot(element, now.lines, {
      unit,
      top,
      lead: now.lead,
      fromMs: now.fromMs,
      toMs: now.toMs,
      thresholds: now.thresholds ?? NO_THRESHOLDS,
      log: now.log,
      extras: now.extras,
      isShown: (name) => now.isolated.length === 0 || now.isolated.includes(name),
      onRange: (from, to) => latest.current.onRange(from, to),
      onReset: () => latest.current.onReset(),
      onCursor: (index) => latest.current.onCursor(index),
    });
    plot.current = made;
    feed();
    const resized = new ResizeObserver(() =>
      made.setSize({ width: Math.max(100, element.clientWidth), height: Math.max(100, element.clientHeight) }),
    );
    resized.observe(element);
    return () => {
      resized.disconnect();
      forgetDraw(feed);
      made.destroy();
      plot.current = undefined;
    };
  }, [names, shown, unit, top, palette, log, banded]);

  useEffect(() => drawSoon(feed), [lines, fromMs, toMs, extras]);
  return <div ref={box} class="plot" role="img" aria-label={`${props.title}: the table button shows the same numbers as text`} />;
}

/** One chart with its legend and its table twin. */
export function TimeSeriesChart(props: ChartProps) {
  const cursor = useSignal<number | null>(null);
  const ownTable = useSignal(false);
  const asTable = props.table?.shown ?? ownTable.value;
  const { shown, gathered } = useMemo(() => limitLines(props.lines, props.most), [props.lines, props.most]);
  const colours = useMemo(
    () => lineColours([...shown.lines.keys()], props.extras?.before),
    [[...shown.lines.keys()].join("\n"), props.extras],
  );
  const empty = pointCount(shown) === 0;
  return (
    <Card
      title={props.title}
      class={`chart${props.dim && !props.instead ? " stale" : ""}`}
      aside={
        <Button
          kind="quiet"
          icon={asTable ? TrendingUp : Table2}
          label={asTable ? `Show ${props.title} as a chart` : `Show ${props.title} as a table`}
          pressed={asTable}
          disabled={empty}
          onClick={() => (props.table ? props.table.onShow(!asTable) : (ownTable.value = !asTable))}
        />
      }
    >
      {props.instead ? (
        <div class="plot instead">{props.instead}</div>
      ) : asTable ? (
        <ChartTable title={props.title} lines={shown} unit={props.unit} />
      ) : (
        <>
          <Plot {...props} lines={shown} onCursor={(index) => (cursor.value = index)} />
          {gathered > 0 && (
            <p class="muted chart-note">Eleven of {props.lines.lines.size} series, highest average first; the rest as their mean.</p>
          )}
          {props.note && <p class="muted chart-note">{props.note}</p>}
          <ChartLegend
            lines={shown}
            colours={colours}
            unit={props.unit}
            bands={props.extras?.bands}
            isolated={props.isolated}
            onIsolate={props.onIsolate}
            cursor={cursor}
          />
        </>
      )}
    </Card>
  );
}
