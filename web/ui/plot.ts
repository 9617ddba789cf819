import uPlot from "uplot";
import { formatValue, type Unit } from "../lib/format.ts";
import { type Band, type Lines, lonePoints } from "../lib/series.ts";
import { lineColours } from "../lib/series-colours.ts";
import { token } from "../lib/theme.ts";

export interface PlotOptions {
  readonly unit: Unit;
  /** The axis ends here at least: 1 for a ratio. */
  readonly top?: number | undefined;
  /** The line that stands for all the others: drawn stronger, and last. */
  readonly lead?: string | undefined;
  /** Epoch milliseconds at both ends. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Lines drawn; the others are in the legend only. */
  readonly isShown: (name: string) => boolean;
  readonly thresholds: readonly { value: number; label: string; tone: "warn" | "critical" }[];
  /** Powers of ten on the axis; what is not above zero is a gap. */
  readonly log?: boolean | undefined;
  readonly extras?: PlotExtras | undefined;
  /** The person brushed or panned to another range. */
  readonly onRange: (fromMs: number, toMs: number) => void;
  readonly onReset: () => void;
  /** Index of the step under the crosshair. */
  readonly onCursor: (index: number | null) => void;
}

/** What is drawn besides lines. */
export interface PlotExtras {
  /** The smallest and largest around a line, by its name. */
  readonly bands: ReadonlyMap<string, Band>;
  /** Lines of an earlier time by the line of now whose colour they take; they are dashed. */
  readonly before: ReadonlyMap<string, string>;
}

/** Charts that share the crosshair. */
const CROSSHAIR = "page";
const SHORTEST_BRUSH_PX = 6;

/** Bytes divide evenly by powers of two. */
const BYTE_STEPS = Array.from({ length: 60 }, (_, i) => 2 ** i);

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const clockWithSeconds = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

function timeLabels(splits: readonly number[], incrementS: number): string[] {
  return splits.map((second) => {
    const text = (incrementS < 60 ? clockWithSeconds : clock).format(second * 1_000);
    return text === "00:00" ? day.format(second * 1_000) : text;
  });
}

/** Bands that have a line, in the order of the lines. */
function bandsOf(lines: Lines, extras: PlotExtras | undefined): { name: string; band: Band }[] {
  return [...lines.lines.keys()].flatMap((name) => {
    const band = extras?.bands.get(name);
    return band ? [{ name, band }] : [];
  });
}

/** Times in seconds, then a row per line, then two per band: what uPlot eats. */
export function plotData(all: Lines, { log, extras }: Pick<PlotOptions, "log" | "extras"> = {}): uPlot.AlignedData {
  const { startMs, stepMs, lines } = all;
  const rows = [...lines.values(), ...bandsOf(all, extras).flatMap(({ band }) => [band.max, band.min])];
  const times = Array.from({ length: rows[0]?.length ?? 0 }, (_, i) => (startMs + i * stepMs) / 1_000);
  const drawn = log ? rows.map((row) => row.map((value) => (value !== null && value > 0 ? value : null))) : rows;
  return [times, ...drawn] as uPlot.AlignedData; // the library's tuple type cannot be built by a spread
}

function yRange(unit: Unit, top: number | undefined) {
  return (_plot: uPlot, low: number | null, high: number | null): [number, number] => {
    if (low === null || high === null) return [0, top ?? 1];
    if (unit === "seconds" || unit === "plain") {
      // Little movement far from zero would be a flat line above an empty chart.
      const near = low > 0 && high - low < high / 2;
      const room = (high - low) * 0.15 || Math.abs(high) * 0.1 || 1e-9;
      return near ? [low - room, high + room] : [Math.min(0, low) - (low < 0 ? room : 0), Math.max(0, high + room)];
    }
    if (unit === "celsius" || unit === "milliseconds") {
      const room = Math.max(1, (high - low) * 0.15);
      return [low - room, high + room];
    }
    // Nothing but zeros still gets an axis with a unit on it.
    const least = unit === "bytes" || unit === "bytesPerSecond" ? 1_024 : 1e-9;
    return [Math.min(0, low), Math.max(top ?? 0, high * 1.08, least)];
  };
}

function logRange(_plot: uPlot, low: number | null, high: number | null): uPlot.Range.MinMax {
  return low === null || high === null || high <= 0 ? [1, 10] : uPlot.rangeLog(low, high, 10, true);
}

function panByShift(plot: uPlot, down: MouseEvent, onRange: PlotOptions["onRange"]): void {
  const { min = 0, max = 0 } = plot.scales["x"] ?? {};
  const perPixel = (max - min) / plot.over.clientWidth;
  const shift = (event: MouseEvent) => (down.clientX - event.clientX) * perPixel;
  const move = (event: MouseEvent) => plot.setScale("x", { min: min + shift(event), max: max + shift(event) });
  const up = (event: MouseEvent) => {
    removeEventListener("mousemove", move);
    if (Math.abs(down.clientX - event.clientX) >= SHORTEST_BRUSH_PX) onRange((min + shift(event)) * 1_000, (max + shift(event)) * 1_000);
  };
  addEventListener("mousemove", move);
  addEventListener("mouseup", up, { once: true });
}

function drawThresholds(plot: uPlot, thresholds: PlotOptions["thresholds"]): void {
  const { ctx, bbox } = plot;
  for (const { value, label, tone } of thresholds) {
    const y = plot.valToPos(value, "y", true);
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.save();
    ctx.fillStyle = ctx.strokeStyle = token(`--${tone}`);
    ctx.globalAlpha = 0.08;
    ctx.fillRect(bbox.left, bbox.top, bbox.width, y - bbox.top);
    ctx.globalAlpha = 0.9;
    ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textAlign = "right";
    // Below the line: the band above it may be lower than a line of text.
    ctx.textBaseline = "top";
    ctx.fillText(label, bbox.left + bbox.width - 4 * devicePixelRatio, y + 4 * devicePixelRatio);
    ctx.restore();
  }
}

/** Lines stay readable through the bands of others. */
const BAND_ALPHA = 0.24;

/** `#rrggbb` with an alpha. */
function withAlpha(colour: string, alpha: number): string {
  const hex = Math.round(alpha * 255)
    .toString(16)
    .padStart(2, "0");
  return /^#[0-9a-f]{6}$/i.test(colour) ? colour + hex : colour;
}

/** A chart of these lines in this element. The caller destroys it, and makes another when names, unit or colours change. */
export function makePlot(element: HTMLElement, lines: Lines, options: PlotOptions): uPlot {
  const { unit } = options;
  const { log, extras } = options;
  const names = [...lines.lines.keys()];
  const colours = lineColours(names, extras?.before);
  const bands = bandsOf(lines, extras);
  const text = token("--muted");
  const grid = { stroke: token("--line"), width: 1 };
  const bytes = unit === "bytes" || unit === "bytesPerSecond";
  return new uPlot(
    {
      width: Math.max(100, element.clientWidth),
      height: Math.max(100, element.clientHeight),
      legend: { show: false },
      padding: [8, 20, 0, 0],
      cursor: {
        // Only the crosshair is shared: a brush on one chart changes the range of the page, which moves them all.
        sync: { key: CROSSHAIR, filters: { pub: (type) => type === "mousemove" || type === "mouseleave", sub: () => true } },
        drag: { x: true, y: false, setScale: false },
        points: { size: 6 },
        bind: {
          dblclick: () => () => {
            options.onReset();
            return null;
          },
          mousedown: (plot, _target, handler) => (event) => {
            if (!event.shiftKey) return handler(event);
            panByShift(plot, event, options.onRange);
            return null;
          },
        },
      },
      scales: {
        x: { time: true, range: (_plot, low, high) => [low ?? 0, high ?? 1] },
        y: log ? { distr: 3, log: 10, range: logRange } : { range: yRange(unit, options.top) },
      },
      axes: [
        {
          stroke: text,
          grid: { show: false },
          ticks: grid,
          size: 30,
          space: 72,
          values: (_plot, splits, _axis, _space, step) => timeLabels(splits, step),
        },
        {
          stroke: text,
          grid,
          ticks: { show: false },
          size: 68,
          space: 36,
          values: (_plot, splits) => splits.map((value: number | null) => (value === null ? "" : formatValue(value, unit))),
          ...(bytes && !log && { incrs: BYTE_STEPS }),
        },
      ],
      series: [
        {},
        ...names.map((name) => {
          const { token: colour = "--series-1", dashed = false } = colours.get(name) ?? {};
          return {
            label: name,
            show: options.isShown(name),
            stroke: token(colour),
            width: name === options.lead ? 2.5 : options.lead === undefined ? 1.5 : 1,
            spanGaps: false,
            points: {
              show: false,
              size: 4,
              fill: token(colour),
              filter: (plot: uPlot, index: number) => lonePoints(plot.data[index] ?? []),
            },
            ...(dashed && { dash: [6, 4] }),
          };
        }),
        ...bands.flatMap(({ name }) => {
          const edge = { show: options.isShown(name), width: 0, points: { show: false }, spanGaps: false };
          return [edge, edge];
        }),
      ],
      bands: bands.map(({ name }, i) => ({
        series: [names.length + 1 + i * 2, names.length + 2 + i * 2],
        fill: withAlpha(token(colours.get(name)?.token ?? "--series-1"), BAND_ALPHA),
      })),
      hooks: {
        draw: [(plot) => drawThresholds(plot, options.thresholds)],
        setCursor: [(plot) => options.onCursor(plot.cursor.idx ?? null)],
        setSelect: [
          (plot) => {
            const { left, width } = plot.select;
            if (width < SHORTEST_BRUSH_PX) return;
            options.onRange(plot.posToVal(left, "x") * 1_000, plot.posToVal(left + width, "x") * 1_000);
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
      },
    },
    plotData(lines, { log, extras }),
    element,
  );
}
