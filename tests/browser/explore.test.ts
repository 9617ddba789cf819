import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Meridian } from "../../sdk/client.ts";
import { launchBrowser } from "../lib/browser.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";
import { PATIENT, settled, type SignedIn, signedInState, visit } from "./console.ts";
import { focusOn, press, tabTo } from "./keys.ts";
import { axeFaults, boxFaults, picture } from "./measures.ts";
import { QUEUES, seedQueues } from "./metric-seeds.ts";

const EXPLORE = "/console/observe/explore";
const PHONE = { width: 390, height: 844 };

let server: TestServer;
let browser: Browser;
let storageState: SignedIn;

beforeAll(async () => {
  server = await startTestServer();
  browser = await launchBrowser();
  await seedQueues(new Meridian({ url: server.url, key: server.demo.apiKey }));
  storageState = await signedInState(browser, server);
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  removeState(server);
});

/** The names in the legend, once there are so many. */
async function legend(page: Page, count: number): Promise<string[]> {
  const names = page.locator(".legend tbody button");
  await expect.poll(() => names.count(), PATIENT).toBe(count);
  return await names.allInnerTexts();
}

function asked(page: Page): URLSearchParams {
  return new URL(page.url()).searchParams;
}

const share = (...queries: readonly object[]) => `${EXPLORE}?q=${encodeURIComponent(JSON.stringify(queries))}`;

describe("Explore", () => {
  it("[UI95] lists the metrics there are, finds one as its name is typed and draws the question most likely meant", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState });
    await page.goto(EXPLORE);
    await page.getByRole("link", { name: "queue_depth" }).click();
    expect(await legend(page, 3)).toEqual([...QUEUES]);
    await page.locator(".explore-chart canvas").waitFor();
    await page.getByText("3 series", { exact: true }).waitFor();

    await page.getByRole("link", { name: "Start anew" }).click();
    await page.getByLabel("Metric of a").click();
    await page.keyboard.type("jobs");
    await page.getByRole("option", { name: /queue_jobs_total.*3 series/ }).click();
    await legend(page, 3);
    await page.getByRole("heading", { name: "rate per second of queue_jobs_total" }).waitFor();
    // 60, 120 and 180 jobs a minute at most.
    await expect.poll(() => page.locator(".legend tbody tr td:nth-child(4)").allInnerTexts(), PATIENT).toEqual(["1 /s", "2 /s", "3 /s"]);
    await page.getByText(/A point every 2 min\. 3 series · .* points from raw/).waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[UI81] [UI95] is restored from its link: queries, formula, comparison, axis and what stands alone", async () => {
    const first = await visit(browser, server, { storageState });
    await first.page.goto(share({ name: "a", metric: "queue_jobs_total", over: "rate", by: ["queue"], across: "sum" }));
    await legend(first.page, 3);
    await first.page.getByRole("button", { name: "Query", exact: true }).click();
    await first.page.getByLabel("Metric of b").fill("queue_depth");
    await first.page.getByRole("option", { name: /queue_depth/ }).click();
    await first.page.getByLabel("Grouping of b").selectOption("by");
    await first.page.getByLabel("Add a label to the groups of b").click();
    await first.page.getByRole("option", { name: /^queue/ }).click();
    await first.page.getByRole("button", { name: "Formula", exact: true }).click();
    await first.page.getByLabel("Expression of f1").fill("b / a");
    await first.page.keyboard.press("Enter");
    await first.page.getByLabel("Log axis").check();
    await legend(first.page, 9);
    await first.page.getByRole("button", { name: /Hide a/ }).click();
    const names = await legend(first.page, 6);
    expect(names).toContain("f1: mail");
    await first.page.getByRole("button", { name: "f1: mail" }).click();
    const address = first.page.url();
    await first.context.close();

    const { page, context, faults } = await visit(browser, server, { storageState });
    await page.goto(address);
    expect(await legend(page, 6)).toEqual(names);
    expect(await page.getByLabel("Expression of f1").inputValue()).toBe("b / a");
    expect(await page.getByLabel("Log axis").isChecked()).toBe(true);
    expect(await page.locator(".legend [aria-pressed=true]").allInnerTexts()).toEqual(["f1: mail"]);
    expect(page.url()).toBe(address);
    await page.getByRole("button", { name: "Remove formula f1" }).click();
    await legend(page, 3);
    await page.goBack();
    await legend(page, 6);
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[UI85] [UI95] zooms by dragging, goes back by a double click, compares with the period before", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState });
    await page.goto(`${share({ name: "a", metric: "queue_depth" })}&range=5m`);
    await page.getByLabel("Period before").check();
    const names = await legend(page, 6);
    expect(names).toContain("mail, before");
    expect(await page.locator(".legend .swatch.dashed").count()).toBe(3);
    const over = page.locator(".explore-chart .u-over");
    const box = (await over.boundingBox()) ?? expect.fail("no plot");
    await page.mouse.move(box.x + box.width * 0.2, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 5 });
    await page.mouse.up();
    await expect.poll(() => asked(page).has("from"), PATIENT).toBe(true);
    const zoomed = Date.parse(asked(page).get("to") ?? "") - Date.parse(asked(page).get("from") ?? "");
    expect(zoomed / 300_000).toBeCloseTo(0.4, 1);
    await over.dblclick();
    await expect.poll(() => asked(page).has("from"), PATIENT).toBe(false);
    expect(asked(page).get("range")).toBe("5m");
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[UI86] [UI95] gives its numbers as a table that sorts and copies, and its question as a command", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: server.url });
    await page.goto(share({ name: "a", metric: "queue_depth" }));
    await legend(page, 3);
    await page.getByRole("button", { name: "Show queue_depth as a table" }).click();
    await page.getByRole("table", { name: "queue_depth" }).waitFor();
    expect(asked(page).get("view")).toBe("table");
    await page.getByRole("button", { name: "mail", exact: true }).click();
    await page.getByRole("columnheader", { name: "mail" }).and(page.locator("[aria-sort=descending]")).waitFor();
    await page.getByRole("button", { name: "Copy as CSV" }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText()), PATIENT).toMatch(/^Time,mail,push,sms\r\n.*T.*Z,/);
    await page.getByRole("button", { name: "Copy a link or a command" }).click();
    await page.getByRole("button", { name: "As curl" }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText()), PATIENT).toContain("curl -H");
    const command = await page.evaluate(() => navigator.clipboard.readText());
    const body = JSON.parse(/-d '(.*)'$/s.exec(command)?.[1] ?? "") as object;
    expect(await new Meridian({ url: server.url, key: server.demo.apiKey }).request("POST", "/v1/metrics/query", { body })).toMatchObject({
      series: [{ labels: { queue: "mail" } }, {}, {}],
    });
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[UI84] marks what is refused beside its field and keeps the last chart, greyed", async () => {
    const { page, context } = await visit(browser, server, { storageState });
    await page.goto(share({ name: "a", metric: "queue_depth", where: [["queue", "=~", "mail|push"]] }));
    await legend(page, 2);
    await page.getByLabel("Value of queue").fill("(");
    await page.keyboard.press("Enter");
    await page.locator(".matcher .field-error").waitFor();
    await page.getByRole("heading", { name: "This question has no answer" }).waitFor();
    await page.locator(".explore-chart .chart.stale canvas").waitFor();
    await page.getByLabel("Value of queue").fill("sms");
    await page.keyboard.press("Enter");
    await legend(page, 1);
    expect(await page.locator("[aria-invalid=true], .stale").count()).toBe(0);
    await context.close();
  });

  it("[UI31] [UI95] is worked by keyboard alone: a metric, a condition from suggestions, a function, a label that goes again", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState });
    await page.goto("/console/settings");
    await settled(page);
    await page.keyboard.press("g");
    await page.keyboard.press("o");
    await page.waitForURL(`**${EXPLORE}`);
    await page.getByRole("link", { name: "queue_depth" }).waitFor();
    await press(page, "/");
    await page.keyboard.type("queue_d");
    await page.getByRole("option", { name: /queue_depth/ }).waitFor();
    await press(page, "ArrowDown", "Enter");
    await legend(page, 3);
    await focusOn(page, /^input Metric of a/);
    await tabTo(page, /^button Condition/);
    await press(page, "Enter");
    await focusOn(page, /^input Label 1 of a/);
    await page.keyboard.type("que");
    await page.getByRole("option", { name: /^queue/ }).waitFor();
    await press(page, "ArrowDown", "Enter", "Tab", "Tab");
    await focusOn(page, /^input Value of queue/);
    await press(page, "ArrowDown");
    await page.getByRole("option", { name: /^sms/ }).waitFor();
    await page.keyboard.type("sms");
    await page.keyboard.press("Enter");
    await legend(page, 1);
    await tabTo(page, /^select Function of a/);
    await page.keyboard.type("high");
    await page.getByRole("heading", { name: "highest of queue_depth" }).waitFor();
    await page.getByRole("button", { name: /Remove the condition on queue/ }).focus();
    await page.keyboard.press("Enter");
    await legend(page, 3);
    await focusOn(page, /./);
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[UI32] [UI95] fits a phone, with its suggestions open, and is clean under axe in both schemes", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState, viewport: PHONE });
    await page.goto(
      share({ name: "a", metric: "queue_depth", where: [["queue", "!=", "sms"]] }, { name: "b", metric: "queue_jobs_total", over: "rate" }),
    );
    await legend(page, 5);
    await page.getByLabel("Value of queue").click();
    await page.getByRole("option", { name: /^push/ }).waitFor();
    for (const colorScheme of ["dark", "light"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await axeFaults(page), colorScheme).toEqual([]);
      await picture(page, `explore-suggestions-390-${colorScheme}`);
    }
    expect(await boxFaults(page)).toEqual([]);
    expect(faults).toEqual([]);
    await context.close();
  });
});
