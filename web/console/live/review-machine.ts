/** The keys of the review queue as a machine without a screen: which case, which run, what is about to be decided. */

/** How long a suspension lasts; the key pressed again goes on to the next. */
export const SUSPEND_DAYS = [7, 30, 1] as const;

export type Choice =
  { readonly decision: "clear" } | { readonly decision: "ban" } | { readonly decision: "suspend"; readonly days: number };

export interface ReviewState {
  /** The case that is looked at; undefined before the first is there. */
  readonly caseId: string | undefined;
  /** Place of the run that is marked, from 0. */
  readonly run: number;
  /** What Enter would do. */
  readonly choice: Choice | undefined;
  /** Runs that the decision takes back. */
  readonly removed: ReadonlySet<string>;
}

export const NOTHING_CHOSEN: ReviewState = { caseId: undefined, run: 0, choice: undefined, removed: new Set() };

export interface ReviewScene {
  readonly cases: readonly string[];
  /** Ids of the case's runs as listed; one that was taken back before cannot be again. */
  readonly runs: readonly { readonly id: string; readonly removed: boolean }[];
}

export type ReviewEffect = "confirm" | "undo" | "note";

/** @returns what the key makes of the state, and what is to be done; undefined for a key that means nothing here */
export function pressReviewKey(
  state: ReviewState,
  key: string,
  scene: ReviewScene,
): { readonly state: ReviewState; readonly effect?: ReviewEffect } | undefined {
  switch (key) {
    case "j":
    case "ArrowDown":
      return { state: moveCase(state, scene, 1) };
    case "k":
    case "ArrowUp":
      return { state: moveCase(state, scene, -1) };
    case "l":
    case "ArrowRight":
      return { state: { ...state, run: clamp(state.run + 1, scene.runs.length) } };
    case "h":
    case "ArrowLeft":
      return { state: { ...state, run: clamp(state.run - 1, scene.runs.length) } };
    case "x":
      return { state: toggleRun(state, scene.runs[clamp(state.run, scene.runs.length)]) };
    case "c":
      return { state: choose(state, { decision: "clear" }) };
    case "b":
      return { state: choose(state, { decision: "ban" }) };
    case "s":
      return { state: choose(state, { decision: "suspend", days: nextDays(state.choice) }) };
    case "Escape":
      return state.choice ? { state: { ...state, choice: undefined } } : undefined;
    case "Enter":
      return state.choice && state.caseId !== undefined ? { state, effect: "confirm" } : undefined;
    case "u":
      return { state, effect: "undo" };
    case "n":
      return { state, effect: "note" };
    default:
      return undefined;
  }
}

/** Looks at a case anew: nothing is chosen for it. */
export function lookAt(caseId: string | undefined): ReviewState {
  return { ...NOTHING_CHOSEN, caseId };
}

/** Marks a run to be taken back, or no longer. */
export function toggleRun(state: ReviewState, run: ReviewScene["runs"][number] | undefined): ReviewState {
  if (!run || run.removed) return state;
  const removed = new Set(state.removed);
  if (!removed.delete(run.id)) removed.add(run.id);
  return { ...state, removed };
}

export function choose(state: ReviewState, choice: Choice): ReviewState {
  return state.caseId === undefined ? state : { ...state, choice };
}

/** The case in whose place the queue goes on when this one leaves: the next, else the one before. */
export function afterCase(cases: readonly string[], leaving: string): string | undefined {
  const at = cases.indexOf(leaving);
  return cases[at + 1] ?? cases[at - 1];
}

/**
 * The queue as it is shown: cases stay where they are while they wait, those decided meanwhile go, new ones come last. A reload of
 * the page sorts anew.
 */
export function mergeQueue<T extends { readonly reviewId: string }>(
  shown: readonly T[],
  newest: readonly T[],
  decided: ReadonlySet<string>,
): readonly T[] {
  const waiting = new Map(newest.filter(({ reviewId }) => !decided.has(reviewId)).map((one) => [one.reviewId, one]));
  const kept = shown.flatMap(({ reviewId }) => waiting.get(reviewId) ?? []);
  for (const { reviewId } of kept) waiting.delete(reviewId);
  return [...kept, ...waiting.values()];
}

function moveCase(state: ReviewState, { cases }: ReviewScene, step: 1 | -1): ReviewState {
  const at = state.caseId === undefined ? -1 : cases.indexOf(state.caseId);
  const next = cases[at === -1 ? 0 : clamp(at + step, cases.length)];
  return next === state.caseId ? state : lookAt(next);
}

function nextDays(choice: Choice | undefined): number {
  if (choice?.decision !== "suspend") return SUSPEND_DAYS[0];
  const at = SUSPEND_DAYS.findIndex((days) => days === choice.days);
  return SUSPEND_DAYS[(at + 1) % SUSPEND_DAYS.length] ?? SUSPEND_DAYS[0];
}

function clamp(place: number, count: number): number {
  return Math.max(0, Math.min(place, count - 1));
}
