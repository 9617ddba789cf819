import { parseArgs } from "node:util";
import { BUILD_STEPS, runStep } from "./lib/build-steps.ts";
import { ROOT, run } from "./lib/project.ts";

const ENVIRONMENTS = ["staging", "production"];

const { values } = parseArgs({ options: { env: { type: "string" }, "dry-run": { type: "boolean", default: false } } });
if (!values.env || !ENVIRONMENTS.includes(values.env)) {
  console.error(`npm run deploy -- --env ${ENVIRONMENTS.join("|")} [--dry-run]`);
  process.exit(2);
}
const environment = values.env;
const suffix = environment === "production" ? "" : `-${environment}`;
const dryRun = values["dry-run"];

async function step(title: string, args: readonly string[]): Promise<void> {
  console.log(`\n== ${title}`);
  const { code } = await run("wrangler", args, { show: true });
  if (code === 0) return;
  console.error(`\n${title} failed; nothing after it was done. docs/deploy.md says how to go on.`);
  process.exit(code);
}

for (const build of BUILD_STEPS.filter(({ name }) => name !== "platform")) await runStep(build);
// Expand first: new columns and new object code are there before the edge code that uses them.
const extra = dryRun ? ["--dry-run", "--outdir"] : [];
if (!dryRun)
  for (const database of ["meridian-db", "meridian-history"])
    await step(`migrations of ${database}${suffix}`, [
      "d1",
      "migrations",
      "apply",
      `${database}${suffix}`,
      "--remote",
      "--env",
      environment,
      "--config",
      `${ROOT}/deploy/edge/wrangler.toml`,
    ]);
for (const script of ["objects", "edge"])
  await step(`${script} script`, [
    "deploy",
    "--config",
    `${ROOT}/deploy/${script}/wrangler.toml`,
    "--env",
    environment,
    ...extra,
    ...(dryRun ? [`${ROOT}/dist/deploy/${script}`] : []),
  ]);
