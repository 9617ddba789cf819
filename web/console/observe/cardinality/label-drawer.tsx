import { useSignal } from "@preact/signals";
import type { LabelList } from "../../../../contract/metric-catalog.ts";
import { plural } from "../../../lib/format.ts";
import { place } from "../../../lib/location.ts";
import { useResource } from "../../../lib/resource.ts";
import { readQuery } from "../../../lib/url-state.ts";
import { Drawer } from "../../../ui/drawer.tsx";
import { type Column, Table } from "../../../ui/table.tsx";
import { Listing } from "../../listing.tsx";
import { metricsApi } from "../metrics-api.ts";
import { chosenAddress } from "./series-address.ts";

type Value = LabelList["items"][number];

const LISTED = 500;

/** A label's values by how many series each has. */
export function LabelDrawer({ onClose }: { onClose: () => void }) {
  const label = readQuery(place.value.search, "label");
  const total = useSignal(0);
  const listed = useResource(`values:${label}`, async (abort) => {
    const found = await metricsApi.values(label, { limit: LISTED }, abort);
    total.value = found.total;
    return found.items;
  });
  const columns: readonly [Column<Value>, ...Column<Value>[]] = [
    { key: "value", title: "Value", value: ({ value }) => value, cell: ({ value }) => value || "(empty)" },
    { key: "series", title: "Series", number: true, value: ({ series }) => series, cell: ({ series }) => series.toLocaleString("en") },
  ];
  return (
    <Drawer title={`Values of ${label}`} label={`Values of ${label}`} onClose={onClose}>
      <Listing of={listed} what="values" empty={<p class="muted">No active series has this label.</p>}>
        {(rows) => (
          <Table
            name="values"
            label={`Values of ${label}`}
            columns={columns}
            rows={rows}
            id={({ value }) => value}
            href={({ value }) => chosenAddress("series", { metric: "", matchers: [{ label, op: "=", value }] })}
            bar={
              <span class="muted">
                {total.value > rows.length ? `${rows.length} of ${total.value.toLocaleString("en")} values` : plural(rows.length, "value")}
              </span>
            }
          />
        )}
      </Listing>
    </Drawer>
  );
}
