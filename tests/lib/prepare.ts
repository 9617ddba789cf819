import { BUILD_STEPS, runStep } from "../../scripts/lib/build-steps.ts";
import { launchBrowser } from "./browser.ts";

/**
 * Runs before the first test of whole programs. Its files run side by side: what the first one would make for all is made here, because
 * two of them at once would write over each other.
 */
export default async function prepare(): Promise<void> {
  for (const step of BUILD_STEPS) await runStep(step);
  try {
    // The npm browser unpacks itself at its first start.
    const browser = await launchBrowser();
    await browser.close();
  } catch {
    // No browser starts here: the tests that need one will say why.
  }
}
