import { formatDuration, formatSpan, plural } from "../../../lib/format.ts";
import { place, setQuery } from "../../../lib/location.ts";
import { readRange } from "../../../lib/time-range.ts";
import { LinkButton } from "../../../ui/button.tsx";
import { PageHead } from "../../../ui/page-head.tsx";
import { otherProblems } from "../../identity/field-problems.ts";
import { failureOf, PageError } from "../../page-error.tsx";
import { ExploreChart } from "./explore-chart.tsx";
import { draftProblems } from "./explore-request.ts";
import { type ExploreState, exploreQuery, FIRST_QUERY, nextQuery, readExplore } from "./explore-state.ts";
import { ExploreTools } from "./explore-tools.tsx";
import { FormulaCard } from "./formula-card.tsx";
import { MetricList } from "./metric-list.tsx";
import { QueryCard } from "./query-card.tsx";
import { ShareMenu } from "./share-menu.tsx";
import { type Exploring, useExplore } from "./use-explore.ts";
import "./explore.css";

const DEFAULT_RANGE = "1h";

function Head({ of, asking }: { of: Exploring; asking: boolean }) {
  const explored = of.resource.data.value;
  const refusal = of.refusal.value;
  if (!asking) return <PageHead tone="info" headline="Explore" detail="Choose a metric and its chart is there" />;
  const actions = (
    <>
      <ShareMenu of={explored} />
      <LinkButton href="/console/observe/explore">Start anew</LinkButton>
    </>
  );
  if (refusal) return <PageHead tone="warn" headline="This question has no answer" actions={actions} />;
  if (!explored) return <PageHead tone="muted" headline="Asking" actions={actions} />;
  const { drawing, fromMs, toMs, reply } = explored;
  return (
    <PageHead
      tone={drawing.total > 0 ? "ok" : "muted"}
      headline={drawing.total > 0 ? plural(drawing.total, "series", "series") : "No series"}
      detail={`${formatSpan(fromMs, toMs)}, a point every ${formatDuration(reply.stepMs)}`}
      actions={actions}
    />
  );
}

/** Any metric as a chart: chosen by name, narrowed by labels, computed with; all of it held by the address. */
export default function ExplorePage() {
  const read = readExplore(place.value.search);
  const state: ExploreState = { ...read, queries: read.queries.length === 0 ? [FIRST_QUERY] : read.queries };
  const range = readRange(place.value.search, DEFAULT_RANGE);
  const of = useExplore(state, range);
  const asking = state.queries.some(({ metric }) => metric !== "");
  const change = (next: ExploreState) => setQuery({ ...exploreQuery(next), show: null }, { replace: false });
  const refusal = of.refusal.value;
  const problems = refusal?.asked ? draftProblems(refusal.asked, refusal.error.errors) : [];
  // What is said beside its field is not said again; the rest is, with what the server says as a whole.
  const elsewhere = otherProblems(problems, [
    ...state.queries.map((_, i) => `/queries/${i}`),
    ...state.formulas.map((_, i) => `/formulas/${i}`),
  ]);
  const placed = problems.length > 0 && elsewhere.length === 0;
  return (
    <div class="explore">
      <Head of={of} asking={asking} />
      <div class="query-cards">
        {state.queries.map((draft, i) => (
          <QueryCard
            key={draft.name}
            draft={draft}
            index={i}
            problems={problems}
            onChange={(next) => change({ ...state, queries: state.queries.map((one, at) => (at === i ? next : one)) })}
            onRemove={state.queries.length > 1 ? () => change({ ...state, queries: state.queries.filter((_, at) => at !== i) }) : undefined}
            onCopy={copyOf(state, i, change)}
          />
        ))}
        {asking &&
          state.formulas.map((draft, i) => (
            <FormulaCard
              key={draft.name}
              draft={draft}
              index={i}
              metric={state.queries[0]?.metric ?? ""}
              problems={problems}
              onChange={(next) => change({ ...state, formulas: state.formulas.map((one, at) => (at === i ? next : one)) })}
              onRemove={() => change({ ...state, formulas: state.formulas.filter((_, at) => at !== i) })}
            />
          ))}
      </div>
      {asking ? (
        <>
          <ExploreTools state={state} onChange={change} />
          {refusal && !placed && (
            <PageError
              failure={{
                ...failureOf(refusal.error, "This question could not be answered"),
                detail: [
                  refusal.error.detail,
                  ...elsewhere.flatMap(({ detail }) => (detail === refusal.error.detail ? [] : [detail])),
                ].join(" "),
              }}
              onRetry={of.resource.reload}
            />
          )}
          {placed && (
            <p class="field-error" role="alert">
              What is marked above keeps this question from being answered.
            </p>
          )}
          <ExploreChart of={of} state={state} onChange={change} />
        </>
      ) : (
        <MetricList />
      )}
    </div>
  );
}

function copyOf(state: ExploreState, index: number, change: (state: ExploreState) => void): (() => void) | undefined {
  const free = nextQuery(state.queries);
  const draft = state.queries[index];
  return free && draft ? () => change({ ...state, queries: [...state.queries, { ...draft, name: free.name }] }) : undefined;
}
