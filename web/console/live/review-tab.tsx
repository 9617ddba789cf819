import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Review } from "../../../contract/leaderboard-reads.ts";
import { plural } from "../../lib/format.ts";
import { place, setQuery } from "../../lib/location.ts";
import { useResource } from "../../lib/resource.ts";
import { readChoice } from "../../lib/url-state.ts";
import { EmptyState, Skeleton } from "../../ui/states.tsx";
import { api } from "../api.ts";
import { failureOf, PageError } from "../page-error.tsx";
import { nameOf } from "./board-words.ts";
import { runsOf } from "./case-pictures.ts";
import { DecisionBar } from "./decision-bar.tsx";
import { Precision } from "./precision.tsx";
import { ReviewCase } from "./review-case.tsx";
import { ReviewKeys, ReviewList } from "./review-list.tsx";
import { choose, toggleRun } from "./review-machine.ts";
import { RUNS_SHOWN } from "./runs-table.tsx";
import { StaleNotice } from "./stale-notice.tsx";
import { useReviewKeys } from "./use-review-keys.ts";
import { useReviewQueue } from "./use-review-queue.ts";

const STATES = ["open", "decided"] as const;
/** Cases read at once; the queue is read again before they run out. */
const CASES = 50;
const EVERY_MS = 15_000;

/** Players under suspicion, worst first, judged one after the other by keyboard. */
export function ReviewTab({ board }: { board: string }) {
  const state = readChoice(place.value.search, "cases", STATES, "open");
  return <Queue key={`${board}:${state}`} board={board} state={state} />;
}

function Queue({ board, state: which }: { board: string; state: (typeof STATES)[number] }) {
  const read = useResource(
    `reviews:${board}:${which}`,
    (signal) => api.leaderboards.reviews(board, { limit: CASES, state: which }, { signal }),
    EVERY_MS,
  );
  const queue = useReviewQueue(board, which, read);
  const { cases, state } = queue;
  const note = useSignal("");
  const root = useRef<HTMLDivElement>(null);
  const noteField = useRef<HTMLInputElement>(null);
  // Keys come faster than pictures: what they are about is looked up when they are pressed.
  const present = () => cases.value.find(({ reviewId }) => reviewId === state.value.caseId);
  const current = present();
  const confirm = () => {
    const review = present();
    if (!review || !state.value.choice) return;
    queue.decide(review, note.value.trim());
    note.value = "";
    if (document.activeElement === noteField.current) root.current?.focus({ preventScroll: true });
  };
  useReviewKeys({
    root,
    note: noteField,
    state,
    scene: () => {
      const review = present();
      return { cases: cases.value.map(({ reviewId }) => reviewId), runs: review ? sceneRuns(review) : [] };
    },
    confirm,
    undo: queue.undo,
  });
  const failure = read.error.value;
  const list = read.data.value;
  if (!list) {
    if (!failure) return <Skeleton rows={8} />;
    return <PageError failure={failureOf(failure, "The cases could not be read")} onRetry={read.reload} />;
  }
  const toggle = (submissionId: string) => {
    const run = current && sceneRuns(current).find(({ id }) => id === submissionId);
    state.value = toggleRun(state.value, run);
  };
  return (
    <div class="stack lb-reviewing" ref={root} tabIndex={-1}>
      {failure && <StaleNotice what="The cases" failure={failure} at={read.at.value} />}
      <div class="lb-review-head">
        <div class="segments" role="group" aria-label="Which cases">
          {STATES.map((one) => (
            <button
              key={one}
              type="button"
              class="segment"
              aria-pressed={one === which}
              onClick={() => setQuery({ cases: one === "open" ? null : one, case: null }, {})}
            >
              {one === "open" ? "To review" : "Decided"}
            </button>
          ))}
        </div>
        <span class="muted" role="status">
          {place.value && current
            ? `Case ${cases.value.indexOf(current) + 1} of ${Math.max(cases.value.length, which === "open" ? list.open - queue.leaving.value : 0)}`
            : ""}
        </span>
        <ReviewKeys />
      </div>
      {current ? (
        <div class="lb-review">
          <ReviewList cases={cases.value} current={current.reviewId} onChoose={queue.look} />
          <div class="lb-judged">
            <ReviewCase of={current} state={state.value} toggle={toggle} />
            <DecisionBar
              name={nameOf(current)}
              state={state.value}
              note={note.value}
              noteField={noteField}
              onNote={(text) => (note.value = text)}
              onChoose={(choice) => (state.value = choice ? choose(state.value, choice) : { ...state.value, choice: undefined })}
              onConfirm={confirm}
            />
          </div>
        </div>
      ) : (
        <Nothing which={which} decided={list.precision.reduce((most, { decided }) => Math.max(most, decided), 0)} />
      )}
      <Precision of={list.precision} />
    </div>
  );
}

function sceneRuns(review: Review) {
  return runsOf(review)
    .slice(0, RUNS_SHOWN)
    .map(({ submissionId, removed }) => ({ id: submissionId, removed }));
}

function Nothing({ which, decided }: { which: (typeof STATES)[number]; decided: number }) {
  if (which === "decided")
    return <EmptyState title="No case was decided yet">What you decide stands here for 90 days, to be decided again.</EmptyState>;
  return (
    <EmptyState title="No case to review">
      {decided > 0 ? `${plural(decided, "case")} or more were decided. ` : ""}A run that a rule flags or holds back opens one; it appears
      here within seconds.
    </EmptyState>
  );
}
