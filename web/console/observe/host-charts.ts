import { HOST_METRICS as M } from "../../../contract/host-metrics.ts";
import type { Unit } from "../../lib/format.ts";
import { joinLines, type Lines, ratioLines } from "../../lib/series.ts";

type Labels = Readonly<Record<string, string>>;

/** One metric of a chart, and what its series are called in the legend. */
export interface ChartPart {
  readonly metric: string;
  readonly name: (labels: Labels) => string;
}

export interface HostChart {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  readonly parts: readonly ChartPart[];
  /** The line drawn stronger than the others. */
  readonly lead?: string;
  /** The axis reaches at least this. */
  readonly top?: number;
  readonly thresholds?: readonly { value: number; label: string; tone: "warn" | "critical" }[];
  /** One set of lines out of the parts' own; joined when absent. */
  readonly combine?: (parts: readonly Lines[]) => Lines;
  /** What is said instead of a line at zero, when there is nothing to measure. */
  readonly absent?: (parts: readonly Lines[]) => string | undefined;
  /** What is said when a host sends none of it. */
  readonly without: string;
}

const called = (name: string) => () => name;
const label = (key: string, fallback: string) => (labels: Labels) => labels[key] ?? fallback;

/** The charts of a host's page, in their order. */
export const HOST_CHARTS: readonly HostChart[] = [
  {
    id: "cpu",
    title: "CPU by core",
    unit: "ratio",
    top: 1,
    lead: "all",
    parts: [{ metric: M.cpu, name: ({ core = "all" }) => (core === "all" ? "all" : `core ${core}`) }],
    without: "No CPU samples in this range.",
  },
  {
    id: "load",
    title: "Load",
    unit: "load",
    parts: [
      { metric: M.load1, name: called("1 min") },
      { metric: M.load5, name: called("5 min") },
      { metric: M.load15, name: called("15 min") },
    ],
    without: "No load samples in this range; Windows has none.",
  },
  {
    id: "memory",
    title: "Memory",
    unit: "bytes",
    parts: [
      { metric: M.memoryUsed, name: called("used") },
      { metric: M.memoryTotal, name: called("total") },
    ],
    without: "No memory samples in this range.",
  },
  {
    id: "swap",
    title: "Swap",
    unit: "bytes",
    parts: [
      { metric: M.swapUsed, name: called("used") },
      { metric: M.swapTotal, name: called("total") },
    ],
    absent: ([, total]) =>
      [...(total?.lines.get("total") ?? [])].every((size) => size === null || size === 0) ? "This host has no swap." : undefined,
    without: "No swap samples in this range.",
  },
  {
    id: "disks",
    title: "Disks, used",
    unit: "ratio",
    top: 1,
    thresholds: [{ value: 0.92, label: "nearly full", tone: "critical" }],
    parts: [
      { metric: M.diskUsed, name: label("mount", "disk") },
      { metric: M.diskTotal, name: label("mount", "disk") },
    ],
    combine: ([used, total]) => (used && total ? ratioLines(used, total) : joinLines([])),
    without: "No disk samples in this range.",
  },
  {
    id: "disk-io",
    title: "Disk I/O",
    unit: "bytesPerSecond",
    parts: [
      { metric: M.diskReadRate, name: ({ device, mount }) => `read${suffix(device ?? mount)}` },
      { metric: M.diskWriteRate, name: ({ device, mount }) => `write${suffix(device ?? mount)}` },
    ],
    without: "No disk I/O samples in this range; some systems do not count them.",
  },
  {
    id: "network",
    title: "Network",
    unit: "bytesPerSecond",
    parts: [
      { metric: M.networkReceiveRate, name: ({ interface: card }) => `in${suffix(card)}` },
      { metric: M.networkTransmitRate, name: ({ interface: card }) => `out${suffix(card)}` },
    ],
    without: "No network samples in this range.",
  },
  {
    id: "temperature",
    title: "Temperatures",
    unit: "celsius",
    parts: [{ metric: M.temperature, name: label("sensor", "sensor") }],
    without: "No sensor of this host answers; virtual machines have none.",
  },
];

function suffix(of: string | undefined): string {
  return of ? ` ${of}` : "";
}

/** The lines of a chart out of those of its parts. */
export function chartLines(chart: HostChart, parts: readonly Lines[]): Lines {
  return chart.combine ? chart.combine(parts) : joinLines(parts);
}
