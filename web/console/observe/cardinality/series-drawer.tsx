import { useSignal } from "@preact/signals";
import { Trash2 } from "lucide";
import type { SeriesList } from "../../../../contract/metric-catalog.ts";
import { go, place } from "../../../lib/location.ts";
import { plural } from "../../../lib/format.ts";
import { useResource } from "../../../lib/resource.ts";
import { Button, LinkButton } from "../../../ui/button.tsx";
import { Drawer } from "../../../ui/drawer.tsx";
import { type Column, Table } from "../../../ui/table.tsx";
import { When } from "../../../ui/when.tsx";
import { Listing } from "../../listing.tsx";
import { can } from "../../session.ts";
import { exploreAddress, FIRST_QUERY } from "../explore/explore-state.ts";
import { firstQuestion } from "../explore/metric-words.ts";
import { metricsApi } from "../metrics-api.ts";
import { selectorWords } from "./cardinality-words.ts";
import { chosenAddress, readChosen } from "./series-address.ts";

type Series = SeriesList["items"][number];

/** A list is for recognising what they are; all of them are counted. */
const LISTED = 200;

function labelWords(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

/** The series of a metric, a pair or a label's value, and what can be done with them. */
export function SeriesDrawer({ onClose }: { onClose: () => void }) {
  const chosen = readChosen(place.value.search);
  const { metric, matchers } = chosen;
  const total = useSignal(0);
  const listed = useResource(`series:${JSON.stringify(chosen)}`, async (abort) => {
    const found = await metricsApi.series({ metric, match: matchers, limit: LISTED }, abort);
    total.value = found.total;
    return found.items;
  });
  const title = selectorWords(metric, matchers);
  const columns: readonly [Column<Series>, ...Column<Series>[]] = [
    {
      key: "labels",
      title: metric === "" ? "Series" : "Labels",
      value: ({ metric: of, labels }) => (metric === "" ? selectorWords(of, []) + " " : "") + labelWords(labels),
      cell: ({ metric: of, labels }) => <code>{`${metric === "" ? `${of} ` : ""}${labelWords(labels)}` || "no labels"}</code>,
    },
    {
      key: "newest",
      title: "Last sample",
      number: true,
      value: ({ newestAt }) => newestAt,
      cell: ({ newestAt }) => <When at={newestAt} />,
    },
  ];
  const question = metric === "" ? undefined : { ...firstQuestion(metric, null), ...(matchers.length > 0 && { matchers }) };
  return (
    <Drawer
      title={<code>{title}</code>}
      label={`Series ${title}`}
      onClose={onClose}
      foot={
        <>
          {question && <LinkButton href={exploreAddress([{ ...FIRST_QUERY, ...question }])}>Open in Explore</LinkButton>}
          {can("metrics:manage") && (
            <Button kind="danger" icon={Trash2} onClick={() => go(chosenAddress("delete", chosen))}>
              Delete these series
            </Button>
          )}
        </>
      }
    >
      <Listing of={listed} what="series" empty={<p class="muted">No active series fits.</p>}>
        {(rows) => (
          <Table
            name="series"
            label={`Series ${title}`}
            columns={columns}
            rows={rows}
            id={({ metric: of, labels }) => `${of} ${labelWords(labels)}`}
            bar={
              <span class="muted">
                {total.value > rows.length
                  ? `${rows.length} of ${total.value.toLocaleString("en")} series`
                  : plural(rows.length, "series", "series")}
              </span>
            }
          />
        )}
      </Listing>
    </Drawer>
  );
}
