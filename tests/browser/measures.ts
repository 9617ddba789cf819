import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { ROOT } from "../../scripts/lib/project.ts";
import { drawn } from "./console.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PICTURES = join(ROOT, ".cache/pictures");

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[];
  }[];
}

/**
 * What axe-core objects to on the page as it stands, one line per element.
 * @param only `colours`: the rule that another scheme can break; the others have been asked before
 */
export async function axeFaults(page: Page, only?: "colours"): Promise<string[]> {
  const known = await page.evaluate(() => "axe" in globalThis);
  if (!known) await page.evaluate(AXE);
  const { violations } = await page.evaluate(
    async (runOnly) => {
      const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<AxeResult> } }; // evaluated above
      return await axe.run({ resultTypes: ["violations"], ...(runOnly && { runOnly }) });
    },
    only && ["color-contrast"],
  );
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} (${help}): ${target.join(" ")}: ${failureSummary?.split("\n").slice(1).join("; ")}`),
  );
}

/** What does not fit: a page wider than its window, and words that leave their box where nothing scrolls or shortens them. */
export async function boxFaults(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const name = (element: Element) =>
      `${element.tagName.toLowerCase()}.${element.className} “${element.textContent?.trim().slice(0, 40)}”`;
    const { scrollWidth, clientWidth } = document.documentElement;
    const wide = [...document.querySelectorAll("body *")].filter((element) => element.getBoundingClientRect().right > clientWidth + 1);
    const spilling = [...document.querySelectorAll<HTMLElement>("body *")].filter((element) => {
      const hasWords = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
      const { display, overflowX } = getComputedStyle(element);
      return hasWords && display !== "inline" && overflowX === "visible" && element.scrollWidth > element.clientWidth + 1;
    });
    return [
      ...(scrollWidth > clientWidth
        ? [`the page is ${scrollWidth} px wide in a window of ${clientWidth} px, by ${wide.slice(0, 5).map(name).join(", ")}`]
        : []),
      ...spilling.map((element) => `leaves its box: ${name(element)}`),
    ];
  });
}

/** Saves how the page looks now, in its whole height, where pictures are kept. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  const window = page.viewportSize() ?? { width: 1440, height: 900 };
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  // A window as tall as the page: what is fixed to its edges stays there, and what is drawn only in sight is drawn.
  if (height > window.height) await page.setViewportSize({ ...window, height });
  await drawn(page);
  await page.screenshot({ path: join(PICTURES, `${name}.png`), animations: "disabled" });
  if (height > window.height) await page.setViewportSize(window);
}
