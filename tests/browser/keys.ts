import type { Page } from "playwright-core";
import { expect } from "vitest";
import { PATIENT } from "./console.ts";

export interface Focus {
  /** Tag, and what it is called or says. */
  readonly what: string;
  /** Whether the eye finds it: an outline, or a field's caret. */
  readonly visible: boolean;
}

export async function focus(page: Page): Promise<Focus> {
  return await page.evaluate(() => {
    const element = document.activeElement;
    if (!(element instanceof HTMLElement) || element === document.body) return { what: "nothing", visible: false };
    const name = element.getAttribute("aria-label") ?? element.textContent?.trim().slice(0, 40) ?? "";
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const inSight = box.width > 0 && box.bottom > 0 && box.top < innerHeight;
    return {
      what: `${element.tagName.toLowerCase()} ${name}`,
      visible: inSight && ((outlineStyle !== "none" && outlineWidth !== "0px") || element.matches("input, textarea, main, [role=dialog]")),
    };
  });
}

/** Presses keys one after another; after each the focus is somewhere, and can be seen. */
export async function press(page: Page, ...keys: readonly string[]): Promise<Focus> {
  let last: Focus = { what: "", visible: false };
  for (const key of keys) {
    await page.keyboard.press(key);
    last = await focus(page);
    expect(last, `focus after ${key}`).toMatchObject({ visible: true });
  }
  return last;
}

/** One row down: the focus follows with the next frame. */
export async function pressArrow(page: Page, from: Focus): Promise<Focus> {
  await page.keyboard.press("ArrowDown");
  await expect.poll(async () => (await focus(page)).what, PATIENT).not.toBe(from.what);
  return await focus(page);
}

/** Waits until the focus is on what is called this, where the eye finds it: an act that removed what had it may not drop it. */
export async function focusOn(page: Page, what: RegExp): Promise<void> {
  await expect.poll(async () => (await focus(page)).what, { ...PATIENT, message: "the focus is kept" }).toMatch(what);
  expect(await focus(page)).toMatchObject({ visible: true });
}

/** Tabs until the focus is on what is called this. */
export async function tabTo(page: Page, name: RegExp, most = 40): Promise<void> {
  for (let i = 0; i < most; i++) if (name.test((await press(page, "Tab")).what)) return;
  expect.fail(`nothing called ${name} within ${most} tabs; the focus is on ${(await focus(page)).what}`);
}
