import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { commitOf, type CopySource, OutOfTime, ProjectCopy } from "./copy.ts";
import { type Mutation, type Project, projectOf } from "./mutation.ts";
import { findStale, type Outcome, runMutations } from "./run.ts";
import type { Verdict } from "./verdict.ts";

const ADVICE: Record<Exclude<Verdict, "killed">, string> = {
  survived: "no test of the rule notices: the rule needs a test that does",
  stale: "the text is not in the source exactly once: bring the catalogue up to date",
  broken: "no test of the rule ran: the defect must leave code that loads, and a test must name the rule",
  hung: "the tests did not end: choose a defect that does not loop for ever",
  red: "the rule's test fails without any defect",
};

export interface Session {
  readonly root: string;
  readonly source: CopySource;
  /** Reads the catalogue that belongs to the sources in a folder, so that a commit is judged by its own. */
  readonly load: (folder: string) => Promise<readonly Mutation[]>;
  /** Which of the catalogue are tried; those that no longer fit are reported whether chosen or not. */
  readonly choose: (catalogue: readonly Mutation[]) => readonly Mutation[];
  /** Milliseconds for everything; what is not done by then is not tried. */
  readonly budgetMs: number;
  readonly print: (line: string) => void;
}

/**
 * Tries the chosen mutations in copies of the project, one copy per vitest project.
 * @returns how many were killed and how many were not; nothing tried at all counts as one that was not
 */
export async function runSession(session: Session): Promise<{ passed: number; failed: number }> {
  const outcomes: Outcome[] = [];
  const tell = (outcome: Outcome): void => {
    outcomes.push(outcome);
    session.print(describe(outcome));
  };
  let chosen: readonly Mutation[] = [];
  const untold = (): Mutation[] => chosen.filter((mutation) => !outcomes.some((outcome) => outcome.mutation === mutation));
  const endAtMs = performance.now() + session.budgetMs;
  const copyFor = <P extends Project>(project: P) => ({ project, copy: new ProjectCopy(session.root, session.source, endAtMs) });
  const copies = [copyFor("node"), copyFor("workers")] as const;
  try {
    const { copy: first } = copies[0];
    const catalogue = await session.load(first.folder);
    chosen = session.choose(catalogue);
    findStale(first, catalogue).forEach(tell);
    const fitting = untold();
    await Promise.all(
      copies.map(async ({ project, copy }) => {
        const here = fitting.filter((mutation) => projectOf(mutation) === project);
        try {
          await runMutations(copy, project, here, tell);
        } catch (error) {
          if (!(error instanceof OutOfTime)) throw error;
        }
      }),
    );
  } finally {
    for (const { copy } of copies) copy.remove();
  }
  const left = untold();
  if (left.length > 0) session.print(`not tried for lack of time: ${left.map(({ rule }) => rule).join(", ")}`);
  const passed = outcomes.filter(({ verdict }) => verdict === "killed").length;
  return { passed, failed: outcomes.length === 0 ? 1 : outcomes.length - passed };
}

function describe({ mutation: { rule, defect, file, test }, verdict }: Outcome): string {
  const line = `${verdict.padEnd(8)} ${rule.padEnd(5)} ${file}: ${defect}`;
  return verdict === "killed" ? line : `${line}\n         ${test}: ${ADVICE[verdict]}`;
}

/** The catalogue of the sources in a folder. @throws when there is none */
export async function loadCatalogue(folder: string): Promise<readonly Mutation[]> {
  const loaded: unknown = await import(pathToFileURL(join(folder, "tests/mutations/catalogue.ts")).href);
  if (typeof loaded !== "object" || loaded === null || !("CATALOGUE" in loaded) || !Array.isArray(loaded.CATALOGUE))
    throw new Error(`${folder} has no catalogue of mutations`);
  return loaded.CATALOGUE as readonly Mutation[]; // the type check of these sources has held it to that
}

/** What to copy: the commit where there is one, so that nobody's half-done work is judged, else the folder as it is. */
export function sourceFor(root: string): { source: CopySource; seed: string } {
  const commit = commitOf(root);
  return commit === undefined
    ? { source: "working tree", seed: new Date().toISOString().slice(0, 10) }
    : { source: "commit", seed: commit };
}
