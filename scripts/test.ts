import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Mutation } from "../tests/mutations/mutation.ts";
import { chooseSample } from "../tests/mutations/sample.ts";
import { loadCatalogue, runSession, sourceFor } from "../tests/mutations/session.ts";
import { BUILD_STEPS, runStep } from "./lib/build-steps.ts";
import { ROOT, run } from "./lib/project.ts";

/** Suites in order, cheapest first. `npm test -- node workers` runs only these. */
const SUITES = ["check", "node", "mutations", "workers", "system"] as const;
type Suite = (typeof SUITES)[number];

interface Count {
  readonly passed: number;
  readonly failed: number;
}

async function runSuite(suite: Suite): Promise<Count> {
  if (suite === "check") {
    const { code } = await run(process.execPath, [join(ROOT, "scripts/check.ts")], { show: true });
    return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  }
  if (suite === "mutations") return await runMutationSample();
  const report = join(ROOT, ".cache", `vitest-${suite}.json`);
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  const { code } = await run("vitest", ["run", "--project", suite, "--reporter=dot", "--reporter=json", `--outputFile.json=${report}`], {
    show: true,
  });
  const result: unknown = JSON.parse(readFileSync(report, "utf8"));
  const count = readCount(result);
  // A run can fail without a failed test: an unhandled rejection, a file that does not load, no test at all.
  return count.failed === 0 && (code !== 0 || count.passed === 0) ? { ...count, failed: 1 } : count;
}

/** The short form of `npm run mutate`: what each commit tries follows from its hash, so that in time all are tried. */
async function runMutationSample(): Promise<Count> {
  const { source, seed } = sourceFor(ROOT);
  const print = (line: string) => console.log(line);
  const choose = (catalogue: readonly Mutation[]) => {
    print(`8 of ${catalogue.length}; these again with: npm run mutate -- --seed ${seed}`);
    return chooseSample(catalogue, seed, 8);
  };
  return await runSession({ root: ROOT, source, load: loadCatalogue, choose, budgetMs: 85_000, print });
}

function readCount(report: unknown): Count {
  if (typeof report !== "object" || report === null || !("numPassedTests" in report) || !("numFailedTests" in report))
    return { passed: 0, failed: 1 };
  return { passed: Number(report.numPassedTests), failed: Number(report.numFailedTests) };
}

const asked = process.argv.slice(2);
const total = { passed: 0, failed: 0 };
for (const step of BUILD_STEPS) console.log(`${step.name}: ${(await runStep(step)) ? "built" : "up to date"}`);
for (const suite of SUITES.filter((name) => asked.length === 0 || asked.includes(name))) {
  console.log(`\n== ${suite}`);
  const count = await runSuite(suite);
  total.passed += count.passed;
  total.failed += count.failed;
  console.log(`== ${suite}: ${count.passed} passed, ${count.failed} failed`);
}
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
