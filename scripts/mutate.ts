import { parseArgs } from "node:util";
import { CATALOGUE } from "../tests/mutations/catalogue.ts";
import { chooseSample } from "../tests/mutations/sample.ts";
import { runSession, sourceFor } from "../tests/mutations/session.ts";
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
const chosen = rules
  ? CATALOGUE.filter(({ rule }) => rules.includes(rule))
  : values.all
    ? CATALOGUE
    : chooseSample(CATALOGUE, seed, Number(values.count));
if (chosen.length === 0) {
  console.error(`No mutation was chosen. There are ${CATALOGUE.length}, of the rules ${CATALOGUE.map(({ rule }) => rule).join(", ")}.`);
  process.exit(2);
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
console.log(`${chosen.length} of ${CATALOGUE.length} mutations${rules || values.all ? "" : `, seed ${seed}`}`);
const { passed, failed } = await runSession({
  root: ROOT,
  source: values["working-tree"] ? "working tree" : source,
  catalogue: CATALOGUE,
  chosen,
  budgetMs: Number.POSITIVE_INFINITY,
  print: (line) => console.log(line),
});
console.log(`${passed} killed, ${failed} not`);
process.exitCode = failed === 0 ? 0 : 1;
