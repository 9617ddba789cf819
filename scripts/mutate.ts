import { parseArgs } from "node:util";
import type { Mutation } from "../tests/mutations/mutation.ts";
import { chooseSample } from "../tests/mutations/sample.ts";
import { loadCatalogue, runSession, sourceFor } from "../tests/mutations/session.ts";
import { ROOT } from "./lib/project.ts";

/**
 * `npm run mutate -- [--all] [--rule HT7] [--seed n] [--count n] [--working-tree]`: puts defects into a copy of the commit (or, with the last
 * option, of the files as they are) and fails when the test of a rule does not notice.
 */
const { values } = parseArgs({
  options: {
    all: { type: "boolean", default: false },
    rule: { type: "string", multiple: true },
    seed: { type: "string" },
    count: { type: "string", default: "8" },
    "working-tree": { type: "boolean", default: false },
  },
});
const { source, seed: ownSeed } = sourceFor(ROOT);
const seed = values.seed ?? ownSeed;
const rules = values.rule;
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

/** The mutations asked for; ends the program when there are none. */
function choose(catalogue: readonly Mutation[]): readonly Mutation[] {
  const sample = () => (values.all ? catalogue : chooseSample(catalogue, seed, Number(values.count)));
  const chosen = rules ? catalogue.filter(({ rule }) => rules.includes(rule)) : sample();
  console.log(`${chosen.length} of ${catalogue.length} mutations${rules || values.all ? "" : `, seed ${seed}`}`);
  if (chosen.length > 0) return chosen;
  console.error("None was chosen: tests/mutations/catalogue/ lists them with their rules.");
  process.exit(2);
}

const { passed, failed } = await runSession({
  root: ROOT,
  source: values["working-tree"] ? "working tree" : source,
  load: loadCatalogue,
  choose,
  budgetMs: Number.POSITIVE_INFINITY,
  print: (line) => console.log(line),
});
console.log(`${passed} killed, ${failed} not`);
process.exitCode = failed === 0 ? 0 : 1;
