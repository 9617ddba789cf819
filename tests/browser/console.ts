import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { vi } from "vitest";
import { ROOT } from "../../scripts/lib/project.ts";
import { Meridian } from "../../sdk/client.ts";
import { watchPage, type WatchedPage } from "../lib/browser.ts";
import type { TestServer } from "../lib/server.ts";

/** How long a poll waits for what comes soon: a busy machine is slow, and a poll's own patience is a second. */
export const PATIENT = { timeout: 15_000 } as const;

/** Signs in as the demo's operator and waits for the console's frame. */
export async function signIn(page: Page, server: Pick<TestServer, "url" | "demo">): Promise<void> {
  await page.goto(`${server.url}/`);
  await page.getByLabel(/email/i).fill(server.demo.email);
  await page.getByLabel(/password/i).fill(server.demo.password);
  await page.keyboard.press("Enter");
  // The entrance has a main element with a heading as well; the frame's has this id.
  await page.locator("#main").getByRole("heading").first().waitFor();
}

/** What a test needs of an entry of the console's table of pages. */
export interface ConsolePage {
  readonly name: string;
  readonly what: string;
  readonly paths: readonly string[];
  readonly action: string;
  readonly key?: string;
  readonly parent?: string;
}

/** The console's own table, so that a new page is walked without a word here. Loaded by address: its types need the browser's. */
export async function consolePages(): Promise<readonly ConsolePage[]> {
  const { PAGES } = await import(pathToFileURL(join(ROOT, "web/console/pages.ts")).href);
  return PAGES as readonly ConsolePage[]; // a PageSpec has all of these fields
}

export interface Visit extends WatchedPage {
  readonly context: BrowserContext;
}

/** A page of its own context, which notes console errors, uncaught errors, foreign requests and violations of the CSP. */
export async function visit(browser: Browser, server: Pick<TestServer, "url">, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({
    baseURL: server.url,
    viewport: { width: 1440, height: 900 },
    colorScheme: "dark",
    // Nothing slides while it is measured or photographed.
    reducedMotion: "reduce",
    ...options,
  });
  const { page, faults } = await watchPage(context, server.url);
  await context.exposeBinding("noteViolation", (_source, directive: string, blocked: string) =>
    faults.push(`content security policy: ${directive} ${blocked}`),
  );
  await context.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
      const { noteViolation } = globalThis as unknown as { noteViolation(directive: string, blocked: string): void }; // bound above
      noteViolation(effectiveDirective, blockedURI);
    }),
  );
  return { context, page, faults };
}

/** What a browser that has signed in once keeps. */
export type SignedIn = Awaited<ReturnType<BrowserContext["storageState"]>>;

/** Signs in once, for contexts that start signed in: sign-ins are limited per address. */
export async function signedInState(browser: Browser, server: TestServer): Promise<SignedIn> {
  const { context, page } = await visit(browser, server);
  await signIn(page, server);
  const state = await context.storageState();
  await context.close();
  return state;
}

/** Calls the API as the signed-in person of a context. @throws with the answer when it is no success */
export async function callApi<T>(context: BrowserContext, server: Pick<TestServer, "url">, path: string, body?: unknown): Promise<T> {
  const answer =
    body === undefined
      ? await context.request.get(`${server.url}${path}`)
      : await context.request.post(`${server.url}${path}`, { data: body, headers: { origin: server.url } });
  if (!answer.ok()) throw new Error(`${path} answered ${answer.status()}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** Waits for the first figures of a host. */
export async function hostReports(server: TestServer, host: string): Promise<void> {
  const client = new Meridian({ url: server.url, key: server.demo.apiKey });
  // Before its first sample the host is a 404.
  const cpu = async () => (await client.hosts.get(host).catch(() => undefined))?.cpuRatio;
  await vi.waitUntil(async () => typeof (await cpu()) === "number", { timeout: 60_000, interval: 250 });
}

/** Waits until a page shows what it has: a heading, and no grey shapes. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole("heading").first().waitFor();
  await page.waitForFunction(() => document.querySelector(".skeleton") === null);
}

/** Waits for two frames: what reacts to a new size or scheme has been drawn. */
export async function drawn(page: Page): Promise<void> {
  await page.evaluate(() => new Promise<void>((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))));
}
