import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { mutate, type Mutation, type Project } from "./mutation.ts";
import { readReport, type TestResult } from "./verdict.ts";

/** Copies what git tracks, or what would be tracked, never what was built or installed. */
export type CopySource = "commit" | "working tree";

/** How a run of tests ended. */
export interface RunEnd {
  /** Undefined when there is no report. */
  readonly results: TestResult[] | undefined;
  /** The run was ended because it took too long. */
  readonly hung: boolean;
}

/** A run was ended because all the time there is for mutations is over: it shows nothing. */
export class OutOfTime extends Error {
  override readonly name = "OutOfTime";
}

/** For one run, and on top of it for each test file: workerd alone takes some 10 s to start on a busy machine. */
const RUN_MS = 60_000;
const FILE_MS = 15_000;
/** Busy machines are slow, and a test that fails for its time must not pass for one that noticed. */
const TEST_MS = 15_000;

/** A copy of the project in a temporary folder, where defects may be put in. */
export class ProjectCopy {
  readonly folder: string;
  readonly #root: string;
  readonly #endAtMs: number;
  #child: ChildProcess | undefined;

  /** @param endAtMs `performance.now()` at which every run is ended */
  constructor(root: string, source: CopySource, endAtMs = Number.POSITIVE_INFINITY) {
    this.#root = root;
    this.#endAtMs = endAtMs;
    this.folder = mkdtempSync(join(tmpdir(), "meridian-mutations-"));
    if (source === "commit") this.#unpackCommit();
    else this.#copyFiles();
    this.#linkModules();
    process.once("exit", this.remove);
  }

  /** The text of a file, undefined when there is none. */
  read(file: string): string | undefined {
    const path = join(this.folder, file);
    return existsSync(path) ? readFileSync(path, "utf8") : undefined;
  }

  /** Puts a defect in while `work` runs. @returns undefined, without calling `work`, when the mutation is stale */
  async with<T>(mutation: Mutation, work: () => Promise<T>): Promise<T | undefined> {
    const before = this.read(mutation.file);
    const after = before === undefined ? undefined : mutate(before, mutation);
    if (before === undefined || after === undefined) return undefined;
    const path = join(this.folder, mutation.file);
    writeFileSync(path, after);
    try {
      return await work();
    } finally {
      writeFileSync(path, before);
    }
  }

  /** Runs the tests of these files whose titles name one of the rules. @throws OutOfTime */
  async test(project: Project, files: readonly string[], rules: readonly string[]): Promise<RunEnd> {
    const report = join(this.folder, "mutations-report.json");
    rmSync(report, { force: true });
    const leftMs = this.#endAtMs - performance.now();
    const limitMs = RUN_MS + files.length * FILE_MS;
    let ended = false;
    const timer = setTimeout(
      () => {
        ended = true;
        this.#endRun();
      },
      Math.min(limitMs, Math.max(0, leftMs)),
    );
    const pattern = `\\[(${rules.join("|")})\\]`;
    const reporting = ["--reporter=json", `--outputFile.json=${report}`, `--testTimeout=${TEST_MS}`];
    await this.#vitest(["run", "--project", project, ...files, "-t", pattern, ...reporting]);
    clearTimeout(timer);
    if (ended && leftMs < limitMs) throw new OutOfTime();
    return { results: existsSync(report) ? readReport(JSON.parse(readFileSync(report, "utf8"))) : undefined, hung: ended };
  }

  /** Deletes the copy and ends what runs in it; also done when the process ends. */
  readonly remove = (): void => {
    process.off("exit", this.remove);
    this.#endRun();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  };

  async #vitest(args: readonly string[]): Promise<void> {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("VITEST")));
    const program = join(this.folder, "node_modules/vitest/vitest.mjs");
    // A group of its own: workerd is a grandchild, and has to end with a run that is ended.
    const child = spawn(process.execPath, [program, ...args], { cwd: this.folder, env, stdio: "ignore", detached: true });
    this.#child = child;
    await new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
    this.#child = undefined;
  }

  #endRun(): void {
    if (this.#child?.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // ESRCH: the group ended by itself in the meantime, which is what we want.
    }
  }

  #unpackCommit(): void {
    const archive = execFileSync("git", ["archive", "HEAD"], { cwd: this.#root, maxBuffer: 2 ** 30 });
    execFileSync("tar", ["-x", "-C", this.folder], { input: archive });
  }

  #copyFiles(): void {
    cpSync(this.#root, this.folder, {
      recursive: true,
      filter: (path) =>
        !relative(this.#root, path)
          .split(sep)
          .some((part) => part === "node_modules" || part === "dist" || part === ".git" || part === ".cache" || part === ".meridian"),
    });
  }

  /** One link per package, so that what tools write beside packages (`.vite`) is the copy's own. */
  #linkModules(): void {
    const modules = join(this.#root, "node_modules");
    const own = join(this.folder, "node_modules");
    mkdirSync(own, { recursive: true });
    for (const name of readdirSync(modules))
      if (!name.startsWith(".") || name === ".bin") symlinkSync(join(modules, name), join(own, name), "junction");
  }
}

/** @returns the short hash of the checked-out commit, undefined outside of git */
export function commitOf(root: string): string | undefined {
  try {
    return execFileSync("git", ["rev-parse", "--short=10", "HEAD"], { cwd: root, stdio: ["ignore", "pipe", "ignore"] })
      .toString()
      .trim();
  } catch {
    // No git, or no repository: the caller copies the folder as it is.
    return undefined;
  }
}
