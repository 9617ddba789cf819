import type { RunEnd } from "./copy.ts";
import { mutate, type Mutation, type Project } from "./mutation.ts";
import { judge, type Verdict } from "./verdict.ts";

/** What a run needs of a copy of the project; `ProjectCopy` is one. */
export interface Workplace {
  read(file: string): string | undefined;
  with<T>(mutation: Mutation, work: () => Promise<T>): Promise<T | undefined>;
  test(project: Project, files: readonly string[], rules: readonly string[]): Promise<RunEnd>;
}

export interface Outcome {
  readonly mutation: Mutation;
  readonly verdict: Verdict;
}

/** Mutations that no longer fit the sources. Costs no test run, so the whole catalogue is looked at each time. */
export function findStale(copy: Pick<Workplace, "read">, mutations: readonly Mutation[]): Outcome[] {
  return mutations
    .filter((mutation) => mutate(copy.read(mutation.file) ?? "", mutation) === undefined)
    .map((mutation) => ({ mutation, verdict: "stale" }));
}

/** Puts one defect in, runs the tests of its rule and takes the defect out again. */
export async function tryMutation(copy: Workplace, project: Project, mutation: Mutation): Promise<Verdict> {
  const verdict = await copy.with<Verdict>(mutation, async () => {
    const { results, hung } = await copy.test(project, [mutation.test], [mutation.rule]);
    return hung ? "hung" : judge(results, mutation.rule);
  });
  return verdict ?? "stale";
}

/** Mutations whose tests fail, or do not run, without any defect: whatever those would show proves nothing. */
export async function findRed(copy: Workplace, project: Project, mutations: readonly Mutation[]): Promise<Outcome[]> {
  const { results, hung } = await copy.test(project, unique(mutations.map(({ test }) => test)), unique(mutations.map(({ rule }) => rule)));
  return mutations.flatMap((mutation): Outcome[] => {
    if (hung) return [{ mutation, verdict: "hung" }];
    const verdict = judge(
      results?.filter(({ file }) => file.endsWith(`/${mutation.test}`)),
      mutation.rule,
    );
    return verdict === "survived" ? [] : [{ mutation, verdict: verdict === "killed" ? "red" : verdict }];
  });
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];

/**
 * Tries mutations of one project one after the other, after a look at whether their tests are green without any.
 * @param tell called with each outcome as it comes
 * @throws whatever the copy's tests throw
 */
export async function runMutations(
  copy: Workplace,
  project: Project,
  mutations: readonly Mutation[],
  tell: (outcome: Outcome) => void,
): Promise<void> {
  if (mutations.length === 0) return;
  const red = await findRed(copy, project, mutations);
  red.forEach(tell);
  for (const mutation of mutations) {
    if (red.some((outcome) => outcome.mutation === mutation)) continue;
    tell({ mutation, verdict: await tryMutation(copy, project, mutation) });
  }
}
