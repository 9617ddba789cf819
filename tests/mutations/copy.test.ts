import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROOT } from "../../scripts/lib/project.ts";
import { commitOf, ProjectCopy } from "./copy.ts";
import type { Mutation } from "./mutation.ts";
import { runSession } from "./session.ts";

// Written apart so that this file's own titles stay the only ones found in it.
const call = ["i", "t"].join("");

/** A project of two files, with a test that looks at one of two limits only. */
const FILES = {
  "package.json": '{ "type": "module" }',
  "vitest.config.ts": 'export default { test: { projects: [{ test: { name: "node", include: ["*.test.ts"] } }] } };',
  "limit.ts": "export const admits = (n: number): boolean => n >= 0 && n <= 10;\n",
  "limit.test.ts": `import { expect, it } from "vitest";
import { admits } from "./limit.ts";
${call}("[XX1] admits ten and not one more", () => expect([admits(10), admits(11)]).toEqual([true, false]));
`,
};
const upper: Mutation = { rule: "XX1", defect: "one more", file: "limit.ts", find: "n <= 10", replace: "n <= 11", test: "limit.test.ts" };
const lower: Mutation = { ...upper, defect: "less than nothing", find: "n >= 0 && ", replace: "" };
const gone: Mutation = { ...upper, defect: "nothing any more", find: "n < 10", replace: "true" };
const broken: Mutation = { ...upper, defect: "no code", find: "n <= 10;", replace: "n <=;" };

const inGit = commitOf(ROOT) !== undefined;

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "meridian-mutated-"));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(root, name), text);
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"), "junction");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function session(chosen: readonly Mutation[], budgetMs = Number.POSITIVE_INFINITY) {
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  return {
    count: await runSession({ root, source: "working tree", load: async () => chosen, choose: (all) => all, budgetMs, print }),
    lines,
  };
}

it("[SC21] says which defects vitest noticed, and counts every other as failed", { timeout: 60_000 }, async () => {
  const { lines, count } = await session([upper, lower, gone, broken]);
  const verdicts = lines.map((line) => /^(\w+) +XX1 +limit\.ts: (.*)/.exec(line)?.slice(1).join(": "));
  expect(verdicts).toEqual(["stale: nothing any more", "killed: one more", "survived: less than nothing", "broken: no code"]);
  expect(count).toEqual({ passed: 1, failed: 3 });
});

it("[SC23] ends with its time, says what was not tried, and fails when that is everything", async () => {
  expect(await session([upper], 0)).toEqual({ count: { passed: 0, failed: 1 }, lines: ["not tried for lack of time: XX1"] });
});

it("[SC22] puts a defect into a copy only, for as long as its tests run, and leaves nothing behind", async () => {
  const copy = new ProjectCopy(root, "working tree");
  expect(await copy.with(upper, async () => copy.read("limit.ts"))).toBe(FILES["limit.ts"].replace("10", "11"));
  expect(copy.read("limit.ts")).toBe(FILES["limit.ts"]);
  await expect(
    copy.with(upper, () => {
      throw new Error("no test ran");
    }),
  ).rejects.toThrow("no test ran");
  expect(copy.read("limit.ts")).toBe(FILES["limit.ts"]);
  expect(readFileSync(join(root, "limit.ts"), "utf8")).toBe(FILES["limit.ts"]);
  copy.remove();
  expect(existsSync(copy.folder)).toBe(false);
});

it.skipIf(!inGit)("[SC22] copies what is committed, whatever stands in the working tree", () => {
  const copy = new ProjectCopy(ROOT, "commit");
  expect(copy.read("package.json")).toContain('"name": "meridian"');
  expect(copy.read("node_modules/vitest/vitest.mjs")).toBeDefined();
  expect(existsSync(join(copy.folder, ".git"))).toBe(false);
  copy.remove();
});
