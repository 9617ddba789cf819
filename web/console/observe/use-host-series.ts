import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { HostPush } from "../../../contract/rpc/metrics.ts";
import type { MeridianError } from "../../../sdk/errors.ts";
import { paused, serverNow } from "../../lib/clock.ts";
import { asError, type Resource, useResource } from "../../lib/resource.ts";
import { type Lines, NO_LINES } from "../../lib/series.ts";
import { rangeBounds, stepFor, type TimeRange } from "../../lib/time-range.ts";
import { api } from "../api.ts";
import { HOST_CHARTS, type HostChart } from "./host-charts.ts";
import { linesOf, MOST_POINTS, withPush } from "./host-series.ts";

export interface ChartState {
  /** The lines of the chart's parts in their order; empty before the first answer. */
  readonly parts: readonly Lines[];
  /** Why the last reading of this chart failed; older parts stay. */
  readonly failure?: MeridianError;
}

export interface HostSeries {
  readonly charts: ReadonlyMap<string, Signal<ChartState>>;
  /** The window the charts show; it moves with the data while the range follows the present. */
  readonly bounds: ReadonlySignal<{ fromMs: number; toMs: number }>;
  readonly state: Resource<number>;
  /** Takes a live push. */
  push(push: HostPush): void;
}

async function readChart(
  chart: HostChart,
  host: string,
  fromMs: number,
  toMs: number,
  stepMs: number,
  abort: AbortSignal,
): Promise<readonly Lines[]> {
  return await Promise.all(
    chart.parts.map(async (part) => {
      const reply = await api.metrics.query(
        {
          metric: part.metric,
          matchers: [{ label: "host", value: host }],
          start: new Date(fromMs).toISOString(),
          end: new Date(toMs).toISOString(),
          stepMs,
          maxPoints: MOST_POINTS + 2,
        },
        { signal: abort },
      );
      return linesOf(part, reply);
    }),
  );
}

/** All series of a host's page over one range: read when the range changes, then extended by live pushes. */
export function useHostSeries(host: string, range: TimeRange): HostSeries {
  const key = JSON.stringify([host, range]);
  const { charts, bounds } = useMemo(
    () => ({
      charts: new Map(HOST_CHARTS.map(({ id }) => [id, signal<ChartState>({ parts: [] })])),
      bounds: signal(rangeBounds(range, serverNow())),
    }),
    [key],
  );
  const span = bounds.peek().toMs - bounds.peek().fromMs;
  const stepMs = stepFor(span, MOST_POINTS);
  // Pushes carry the newest points only: reading again now and then replaces what they approximated.
  const everyMs = range.kind === "relative" ? Math.max(60_000, stepMs) : undefined;

  const state = useResource(
    `series:${key}`,
    async (abort) => {
      const { fromMs, toMs } = rangeBounds(range, serverNow());
      // One chart's failure is its own; only when nothing could be read is it the page's.
      const read = await Promise.allSettled(HOST_CHARTS.map((chart) => readChart(chart, host, fromMs, toMs, stepMs, abort)));
      const failed = read.find((result) => result.status === "rejected");
      if (failed && read.every((result) => result.status === "rejected")) throw failed.reason;
      batch(() => {
        bounds.value = { fromMs, toMs };
        for (const [i, { id }] of HOST_CHARTS.entries()) {
          const slot = charts.get(id);
          const result = read[i];
          if (!slot || !result) continue;
          slot.value =
            result.status === "fulfilled" ? { parts: result.value } : { parts: slot.peek().parts, failure: asError(result.reason) };
        }
      });
      return read.length;
    },
    everyMs,
  );

  const series = useMemo(() => {
    let held: HostPush[] = [];
    const apply = (pushes: readonly HostPush[]) => {
      batch(() => {
        for (const chart of HOST_CHARTS) {
          const slot = charts.get(chart.id);
          if (!slot || slot.peek().parts.length === 0) continue;
          const { parts, ...rest } = slot.peek();
          const next = chart.parts.map((part, i) =>
            pushes.reduce((lines, push) => withPush(lines, part, push, span), parts[i] ?? NO_LINES),
          );
          slot.value = { ...rest, parts: next };
        }
        bounds.value = rangeBounds(range, serverNow());
      });
    };
    return {
      push(push: HostPush) {
        if (range.kind !== "relative") return;
        held = [...held.slice(-720), push];
        this.release();
      },
      /** Draws what was held, when somebody can see it. */
      release() {
        if (paused.peek() || document.hidden || held.length === 0) return;
        const pushes = held;
        held = [];
        apply(pushes);
      },
    };
  }, [key]);

  useEffect(() => {
    const release = () => series.release();
    document.addEventListener("visibilitychange", release);
    const stop = paused.subscribe(release);
    return () => {
      document.removeEventListener("visibilitychange", release);
      stop();
    };
  }, [series]);

  return { charts, bounds, state, push: (push) => series.push(push) };
}
