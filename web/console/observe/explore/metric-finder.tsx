import { METRIC_LIMITS } from "../../../../contract/metric-limits.ts";
import { plural } from "../../../lib/format.ts";
import { Suggest } from "../../../ui/suggest.tsx";
import { metricsApi } from "../metrics-api.ts";
import { noteMetrics } from "./metric-info.ts";

interface FinderProps {
  readonly label: string;
  readonly value: string;
  readonly error?: string | undefined;
  readonly autofocus?: boolean;
  /** Whether `/` leads here. */
  readonly search?: boolean;
  readonly onChoose: (metric: string) => void;
}

/** A metric by name as one types, with its type, unit, help and how many series it has. */
export function MetricFinder({ label, value, error, autofocus, search: isSearch, onChoose }: FinderProps) {
  return (
    <Suggest
      class="metric-finder"
      label={label}
      placeholder={isSearch ? "Find a metric ( / )" : "Find a metric"}
      value={value}
      error={error}
      {...(autofocus && { autofocus })}
      {...(isSearch && { search: true })}
      maxLength={METRIC_LIMITS.metricChars}
      nothing="No metric is called that. Enter asks for it all the same: it may have been sent long ago."
      load={async (search, abort) => {
        const { items } = await metricsApi.names({ search, limit: 50 }, abort);
        noteMetrics(items);
        return items.map(({ metric, series, type, unit, help }) => ({
          value: metric,
          aside: [type, unit, plural(series, "series", "series")].filter(Boolean).join(" · "),
          ...(help && { detail: help }),
        }));
      }}
      onChoose={onChoose}
    />
  );
}
