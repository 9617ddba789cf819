import { BUILD_STEPS, runStep } from "./lib/build-steps.ts";

for (const step of BUILD_STEPS) {
  const ran = await runStep(step, process.argv.includes("--force"));
  console.log(`${step.name}: ${ran ? "built" : "up to date"}`);
}
