import { accept, type Outcome, type Problem } from "../../contract/problems.ts";
import type { D1Call } from "../db/d1-change.ts";

/** A step of applying a document: what it is, and how it is made where there is something to make. */
export type DocumentStep<C extends { readonly what: string; readonly name: string }> = C & {
  readonly make?: () => Promise<Outcome<unknown>>;
};

/** Each change is one of its own: an Idempotency-Key of the whole would make the second look like a repetition of the first. */
export function single(call: D1Call): D1Call {
  const { idempotency: _, ...meta } = call.meta;
  return { env: call.env, principal: call.principal, now: call.now, meta };
}

/**
 * One after the other: each is several calls, and the first that is refused ends it. What was made before stays made.
 * @param most so many are made; `left` says how many more there are
 */
export async function makeSteps<C extends { readonly what: string; readonly name: string }>(
  steps: readonly DocumentStep<C>[],
  most: number,
): Promise<Outcome<{ changes: Omit<DocumentStep<C>, "make">[]; left: number }>> {
  const changes: Omit<DocumentStep<C>, "make">[] = [];
  let made = 0;
  let left = 0;
  for (const { make, ...change } of steps) {
    if (make && made === most) {
      left++;
      continue;
    }
    if (make) {
      const outcome = await make();
      if (!outcome.ok) return within(outcome.problem, `/document/${change.what}s/${change.name.replaceAll("/", "~1")}`);
      made++;
    }
    changes.push(change);
  }
  return accept({ changes, left });
}

/** Points at the part of the document that a problem is about. */
export function within(problem: Problem, at: string): { readonly ok: false; readonly problem: Problem } {
  const errors = problem.errors?.map(({ pointer, detail }) => ({ pointer: `${at}${pointer}`, detail })) ?? [
    { pointer: at, detail: problem.detail },
  ];
  return { ok: false, problem: { ...problem, errors } };
}
