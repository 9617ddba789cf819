import { useSignal } from "@preact/signals";
import { Trash2 } from "lucide";
import type { Matcher } from "../../../../contract/metric-query.ts";
import { formatValue, plural } from "../../../lib/format.ts";
import { go, place } from "../../../lib/location.ts";
import { useResource } from "../../../lib/resource.ts";
import { Button } from "../../../ui/button.tsx";
import { Confirm } from "../../../ui/confirm.tsx";
import { Drawer } from "../../../ui/drawer.tsx";
import { Notice, Skeleton } from "../../../ui/states.tsx";
import { toast } from "../../../ui/toast.tsx";
import { failureOf, PageError } from "../../page-error.tsx";
import { FIRST_QUERY, type MatcherDraft } from "../explore/explore-state.ts";
import { MatcherRows } from "../explore/matcher-rows.tsx";
import { MetricFinder } from "../explore/metric-finder.tsx";
import { metricsApi } from "../metrics-api.ts";
import { selectorWords } from "./cardinality-words.ts";
import { type Chosen, chosenAddress, readChosen } from "./series-address.ts";

const SHOWN = 12;

function complete(matchers: readonly MatcherDraft[]): Matcher[] {
  return matchers.filter(({ label }) => label !== "").map((one) => ({ ...one }));
}

/** Before anything is deleted: how many series that would be, and the first of them. */
function Preview({ chosen, onDeleted }: { chosen: Chosen; onDeleted: () => void }) {
  const { metric, matchers } = chosen;
  const asking = useSignal(false);
  const found = useResource(`to delete:${JSON.stringify(chosen)}`, async (abort) =>
    metricsApi.series({ metric, match: matchers, limit: SHOWN }, abort),
  );
  const failure = found.error.value;
  if (failure) return <PageError failure={failureOf(failure, "The series could not be counted")} onRetry={found.reload} />;
  const list = found.data.value;
  if (!list) return <Skeleton rows={2} />;
  const count = plural(list.total, "series", "series");
  const title = selectorWords(metric, matchers);
  return (
    <section>
      <p role="status">
        <strong>{list.total === 0 ? "No series fits." : `${count} would be deleted, with all their points.`}</strong>
      </p>
      <ul class="series-preview">
        {list.items.map(({ metric: of, labels }, i) => (
          <li key={i}>
            <code>
              {selectorWords(
                of,
                Object.entries(labels).map(([label, value]) => ({ label, op: "=", value })),
              )}
            </code>
          </li>
        ))}
        {list.total > list.items.length && <li class="muted">and {formatValue(list.total - list.items.length, "count")} more</li>}
      </ul>
      <div class="actions">
        <Button kind="danger" icon={Trash2} disabled={list.total === 0} onClick={() => (asking.value = true)}>
          {`Delete ${count}`}
        </Button>
      </div>
      {asking.value && (
        <Confirm
          title={`Delete ${count}`}
          typed={String(list.total)}
          verb={`Delete ${count}`}
          act={async () => {
            const { deleted } = await metricsApi.deleteSeries({ metric, match: matchers });
            toast(`${plural(deleted, "series", "series")} deleted.`);
            onDeleted();
          }}
          onClose={() => (asking.value = false)}
        >
          <p>
            All points of <code>{title}</code> go, in every tier. This cannot be undone. A sender that goes on makes the series anew.
          </p>
        </Confirm>
      )}
    </section>
  );
}

/** Deletes series by metric and matchers; counts them first. */
export function DeleteDrawer({ onDeleted, onClose }: { onDeleted: () => void; onClose: () => void }) {
  const start = readChosen(place.value.search);
  const metric = useSignal(start.metric);
  const matchers = useSignal<readonly MatcherDraft[]>(start.matchers);
  const chosen = { metric: metric.value, matchers: complete(matchers.value) };
  const some = chosen.metric !== "" || chosen.matchers.length > 0;
  // Held by the address, so that a link leads to the same question; it never deletes by itself.
  const keep = () => go(chosenAddress("delete", { metric: metric.value, matchers: complete(matchers.value) }), { replace: true });
  return (
    <Drawer title="Delete series" label="Delete series" onClose={onClose}>
      <section class="delete-choice">
        <MetricFinder
          label="Metric to delete"
          value={metric.value}
          onChoose={(next) => {
            metric.value = next;
            keep();
          }}
        />
        <MatcherRows
          draft={{ ...FIRST_QUERY, name: "what to delete", metric: metric.value, matchers: matchers.value }}
          pointer="/match"
          problems={[]}
          onChange={(next) => {
            matchers.value = next;
            keep();
          }}
        />
      </section>
      {some ? (
        <Preview key={JSON.stringify(chosen)} chosen={chosen} onDeleted={onDeleted} />
      ) : (
        <Notice tone="info">Choose a metric or a condition: the series that it means are counted before anything is deleted.</Notice>
      )}
    </Drawer>
  );
}
