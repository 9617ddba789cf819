import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { ROOT } from "../../scripts/lib/project.ts";

/** Files of more than a minute, the longest first. Those that mostly wait stand beside those that mostly compute. */
const LONG = [
  "tests/chaos/spine.test.ts",
  "tests/browser/leaderboards.test.ts",
  "tests/browser/newcomer.test.ts",
  "tests/browser/pages.test.ts",
  "tests/interop/prometheus-outages.test.ts",
  "tests/chaos/leaderboards.test.ts",
  "tests/interop/prometheus-answers.test.ts",
  "tests/chaos/metrics.test.ts",
  "tests/system/outage.test.ts",
  "tests/browser/states.test.ts",
];

/**
 * A long file that begins last keeps everybody waiting. Vitest remembers how long each took, but on a fresh machine it goes by the size of
 * files, of which the longest are the smallest.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = (file: TestSpecification): number => {
      const at = LONG.indexOf(relative(ROOT, file.moduleId));
      return at === -1 ? LONG.length : at;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b)); // keeps the order of those that are equal
  }
}
