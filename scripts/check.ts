import { availableParallelism } from "node:os";
import { arrows } from "./checks/arrows.ts";
import { budgets } from "./checks/budgets.ts";
import type { Check } from "./checks/check.ts";
import { deployment } from "./checks/deployment.ts";
import { rules } from "./checks/rules.ts";
import { fileSizes, lockfile, paths, routesNameActions } from "./checks/shape.ts";
import { run } from "./lib/project.ts";

/** A check that is a program: what it prints is what is wrong. */
function program(name: string, command: string, ...args: string[]): Check {
  return {
    name,
    run: async () => {
      const { code, output } = await run(command, args);
      return code === 0 ? [] : output.trim().split("\n");
    },
  };
}

const CHECKS: readonly Check[] = [
  arrows,
  rules,
  routesNameActions,
  paths,
  deployment,
  fileSizes,
  lockfile,
  program("types: platform", "tsc", "-p", "tsconfig.json"),
  program("types: node", "tsc", "-p", "tsconfig.node.json"),
  program("types: web", "tsc", "-p", "tsconfig.web.json"),
  program("lint", "oxlint", "--type-aware", "--deny-warnings"),
  program("format", "prettier", "--check", "--log-level", "warn", "--cache", "--cache-location", ".cache/prettier", "."),
  program("unused code", "knip", "--no-progress"),
  budgets,
];

const only = process.argv.slice(2).filter((arg) => !arg.startsWith("-"));
const chosen = CHECKS.filter(({ name }) => only.length === 0 || only.some((word) => name.includes(word)));

interface Verdict {
  readonly faults: readonly string[];
  readonly seconds: string;
}

async function judge(check: Check): Promise<Verdict> {
  const started = performance.now();
  const faults = await check.run();
  return { faults, seconds: ((performance.now() - started) / 1_000).toFixed(1) };
}

// As many at a time as there are cores; told in the order of the list.
const waiting = chosen.map((check) => ({ check, verdict: Promise.withResolvers<Verdict>() }));
let next = 0;
const lanes = Array.from({ length: availableParallelism() }, async () => {
  for (let mine = waiting[next++]; mine; mine = waiting[next++]) mine.verdict.resolve(await judge(mine.check));
});
let failed = 0;
for (const { check, verdict } of waiting) {
  const { faults, seconds } = await Promise.race([verdict.promise, Promise.all(lanes).then(async () => await verdict.promise)]);
  console.log(`${faults.length === 0 ? "ok  " : "FAIL"} ${check.name} (${seconds} s)`);
  for (const fault of faults) console.log(`     ${fault}`);
  if (faults.length > 0) failed++;
}
if (failed > 0) {
  console.log(`\n${failed} of the checks failed.`);
  process.exit(1);
}
