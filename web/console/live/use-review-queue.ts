import { type ReadonlySignal, type Signal, useComputed, useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Review, ReviewList } from "../../../contract/leaderboard-reads.ts";
import { serverNow } from "../../lib/clock.ts";
import { place, setQuery } from "../../lib/location.ts";
import { asError, type Resource } from "../../lib/resource.ts";
import { readQuery } from "../../lib/url-state.ts";
import { toast } from "../../ui/toast.tsx";
import { nameOf } from "./board-words.ts";
import { DecisionDesk, HOLD_MS, type HeldDecision } from "./decision-desk.ts";
import { afterCase, lookAt, mergeQueue, type ReviewState } from "./review-machine.ts";
import { decidedWords, sendDecision } from "./send-decision.ts";

/** With fewer cases left the next ones are read. */
const LOW = 10;
const DAY_MS = 86_400_000;

export interface ReviewQueue {
  readonly cases: ReadonlySignal<readonly Review[]>;
  readonly state: Signal<ReviewState>;
  /** Cases that the server counts as open and that are decided here. */
  readonly leaving: ReadonlySignal<number>;
  look(reviewId: string): void;
  decide(review: Review, note: string): void;
  /** Takes the last decision back, while it is held. */
  undo(): void;
}

const ACTS = { clear: "cleared", suspend: "suspended", ban: "banned" } as const;

/** The cases on screen, and what becomes of them: decided ones leave at once, are held for ten seconds, and come back when the server refuses. */
export function useReviewQueue(board: string, which: "open" | "decided", read: Resource<ReviewList>): ReviewQueue {
  const cases = useSignal<readonly Review[]>([]);
  const decided = useSignal<ReadonlyMap<string, Review>>(new Map());
  const state = useSignal<ReviewState>(lookAt(readQuery(place.value.search, "case") || undefined));
  const leaving = useComputed(() => {
    const open = new Set(read.data.value?.items.map(({ reviewId }) => reviewId));
    return [...decided.value.keys()].filter((id) => open.has(id)).length;
  });
  /** Takes the offer to undo away, once there is nothing to undo. */
  const offer = useRef<() => void>(undefined);
  const latest = useRef(read);
  latest.current = read;

  const stay = () => {
    const { caseId } = state.peek();
    if (caseId !== undefined && cases.peek().some(({ reviewId }) => reviewId === caseId)) return;
    state.value = lookAt(cases.peek()[0]?.reviewId);
  };
  const comeBack = (reviewId: string) => {
    const review = decided.peek().get(reviewId);
    const left = new Map(decided.peek());
    left.delete(reviewId);
    decided.value = left;
    if (review && !cases.peek().some((one) => one.reviewId === reviewId)) cases.value = [review, ...cases.peek()];
    state.value = lookAt(reviewId);
  };
  const desk = useMemo(
    () =>
      new DecisionDesk({
        send: sendDecision,
        sent: (decision, reply) => {
          toast(decidedWords(decision, reply), reply.rewards.length > 0 ? { tone: "warn" } : {});
          latest.current.reload();
        },
        failed: ({ player, reviewId }: HeldDecision, failure) => {
          const error = asError(failure);
          const request = error.requestId ? ` (request ${error.requestId})` : "";
          toast(`The decision on ${player} was not taken: ${error.detail}${request}`, { tone: "critical" });
          comeBack(reviewId);
        },
        after: (ms, work) => {
          const timer = setTimeout(work, ms);
          return () => clearTimeout(timer);
        },
      }),
    [board],
  );

  useEffect(
    () =>
      read.data.subscribe((list) => {
        if (!list) return;
        cases.value = mergeQueue(cases.peek(), list.items, which === "open" ? new Set(decided.peek().keys()) : new Set());
        stay();
      }),
    [read],
  );
  useEffect(() => {
    // The case that is looked at stands in the address, so that it can be shown to somebody.
    return state.subscribe(({ caseId }) => setQuery({ case: caseId ?? null }));
  }, []);
  useEffect(() => {
    const leave = () => desk.flush();
    addEventListener("pagehide", leave);
    return () => {
      removeEventListener("pagehide", leave);
      leave();
    };
  }, [desk]);

  const undo = (reviewId?: string) => {
    const back = desk.undo(reviewId);
    offer.current?.();
    if (!back) return void toast("There is nothing to take back: the decision is out.", { tone: "info" });
    comeBack(back.reviewId);
    toast(`Taken back: nothing was decided on ${back.player}.`, { tone: "info" });
  };
  return {
    cases,
    state,
    leaving,
    look: (reviewId) => (state.value = lookAt(reviewId)),
    decide: (review, note) => {
      const { choice, removed } = state.peek();
      if (!choice) return;
      const until = choice.decision === "suspend" ? { until: new Date(serverNow() + choice.days * DAY_MS).toISOString() } : {};
      const player = nameOf(review);
      desk.hold({
        board,
        reviewId: review.reviewId,
        player,
        input: { decision: choice.decision, ...until, removeSubmissions: [...removed], note },
      });
      const ids = cases.peek().map(({ reviewId }) => reviewId);
      const next = afterCase(ids, review.reviewId);
      decided.value = new Map(decided.peek()).set(review.reviewId, review);
      if (which === "open") cases.value = cases.peek().filter(({ reviewId }) => reviewId !== review.reviewId);
      state.value = lookAt(next);
      offer.current?.();
      offer.current = toast(`${player} will be ${ACTS[choice.decision]} in ${HOLD_MS / 1_000} s.`, { undo: () => undo(review.reviewId) });
      if (which === "open" && cases.peek().length < LOW) latest.current.reload();
    },
    undo: () => undo(),
  };
}
