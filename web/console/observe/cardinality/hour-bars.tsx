import { useSignal } from "@preact/signals";
import { ChartColumn, Table2 } from "lucide";
import type { Cardinality } from "../../../../contract/metric-catalog.ts";
import { formatClock, formatExact } from "../../../lib/format.ts";
import { Button } from "../../../ui/button.tsx";
import { Card } from "../../../ui/card.tsx";
import { type Column, Table } from "../../../ui/table.tsx";

type Hour = Cardinality["newSeries"][number];

const COLUMNS: readonly [Column<Hour>, ...Column<Hour>[]] = [
  { key: "hour", title: "Hour", value: ({ hourMs }) => new Date(hourMs).toISOString(), cell: ({ hourMs }) => formatExact(hourMs) },
  { key: "made", title: "Began", number: true, value: ({ made }) => made, cell: ({ made }) => made.toLocaleString("en") },
  { key: "refused", title: "Refused", number: true, value: ({ refused }) => refused, cell: ({ refused }) => refused.toLocaleString("en") },
];

function hourWords({ hourMs, made, refused }: Hour): string {
  const began = `${formatClock(hourMs)}: ${made.toLocaleString("en")} began`;
  return refused > 0 ? `${began}, ${refused.toLocaleString("en")} refused` : began;
}

/** Series that began in each of the last hours; what was refused stands on top, hatched. */
export function HourBars({ hours, allowed }: { hours: readonly Hour[]; allowed: number }) {
  const asTable = useSignal(false);
  const most = Math.max(1, ...hours.map(({ made, refused }) => made + refused));
  const refused = hours.some((hour) => hour.refused > 0);
  return (
    <Card
      title="New series per hour"
      class="hours-card"
      aside={
        <Button
          kind="quiet"
          icon={asTable.value ? ChartColumn : Table2}
          label={asTable.value ? "Show new series as bars" : "Show new series as a table"}
          pressed={asTable.value}
          onClick={() => (asTable.value = !asTable.value)}
        />
      }
    >
      {asTable.value ? (
        <div class="chart-table">
          <Table
            name="new-series"
            label="New series per hour"
            columns={COLUMNS}
            rows={hours.toReversed()}
            id={({ hourMs }) => String(hourMs)}
          />
        </div>
      ) : (
        <>
          <div class="hour-bars" role="img" aria-label="New series per hour: the table button shows the same numbers as text">
            <span class="hour-most muted">{most.toLocaleString("en")}</span>
            {hours.map((hour) => (
              <div key={hour.hourMs} class="hour" title={hourWords(hour)}>
                {hour.refused > 0 && <div class="hour-refused" style={{ height: `${(hour.refused / most) * 100}%` }} />}
                {hour.made > 0 && <div class="hour-made" style={{ height: `${(hour.made / most) * 100}%` }} />}
              </div>
            ))}
          </div>
          <div class="hour-axis muted">
            <span>{hours[0] && formatClock(hours[0].hourMs)}</span>
            <span>this hour</span>
          </div>
          <p class="hour-legend muted">
            <span class="hour-key made" /> began, {allowed.toLocaleString("en")} an hour may
            {refused && (
              <>
                {" "}
                <span class="hour-key refused" /> refused
              </>
            )}
          </p>
        </>
      )}
    </Card>
  );
}
