import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { HostPush } from "../../../contract/rpc/metrics.ts";
import { paused, serverNow } from "../../lib/clock.ts";
import { type Resource, useResource } from "../../lib/resource.ts";
import { type Lines, NO_LINES } from "../../lib/series.ts";
import { rangeBounds, stepFor, type TimeRange } from "../../lib/time-range.ts";
import { api } from "../api.ts";
import { HOST_CHARTS, type HostChart } from "./host-charts.ts";
import { linesOf, MOST_POINTS, withPush } from "./host-series.ts";

export interface HostSeries {
  /** Per chart, the lines of its parts in their order. */
  readonly parts: ReadonlyMap<string, Signal<readonly Lines[]>>;
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
  const { parts, bounds } = useMemo(
    () => ({
      parts: new Map(HOST_CHARTS.map(({ id }) => [id, signal<readonly Lines[]>([])])),
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
      const read = await Promise.all(HOST_CHARTS.map((chart) => readChart(chart, host, fromMs, toMs, stepMs, abort)));
      batch(() => {
        bounds.value = { fromMs, toMs };
        for (const [i, { id }] of HOST_CHARTS.entries()) {
          const slot = parts.get(id);
          if (slot) slot.value = read[i] ?? [];
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
          const slot = parts.get(chart.id);
          if (!slot || slot.peek().length === 0) continue;
          slot.value = chart.parts.map((part, i) =>
            pushes.reduce((lines, push) => withPush(lines, part, push, span), slot.peek()[i] ?? NO_LINES),
          );
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

  return { parts, bounds, state, push: (push) => series.push(push) };
}
