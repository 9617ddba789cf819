import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hostSamples } from "../../scripts/seeds/metrics.ts";
import { Meridian } from "../../sdk/client.ts";
import { launchBrowser } from "../lib/browser.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";
import { callApi, PATIENT, type SignedIn, signedInState, visit } from "./console.ts";
import { focusOn, press, tabTo } from "./keys.ts";
import { axeFaults, boxFaults, picture } from "./measures.ts";
import { seedExplosion, seedQueues, sendRefused } from "./metric-seeds.ts";

const PHONE = { width: 390, height: 844 };
const VALUES = 400;

let server: TestServer;
let browser: Browser;
let storageState: SignedIn;
let client: Meridian;

beforeAll(async () => {
  server = await startTestServer();
  browser = await launchBrowser();
  client = new Meridian({ url: server.url, key: server.demo.apiKey });
  await seedQueues(client);
  await seedExplosion(client, VALUES);
  storageState = await signedInState(browser, server);
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  removeState(server);
});

/** Somebody who may look and nothing else. */
async function viewer(): Promise<BrowserContext> {
  const owner = await visit(browser, server, { storageState });
  const invited = { email: "metrics-viewer@example.com", role: "viewer" };
  const { url } = await callApi<{ url: string }>(owner.context, server, "/v1/invitations", invited);
  await owner.context.close();
  const { context } = await visit(browser, server);
  const token = new URL(url).searchParams.get("token");
  await callApi(context, server, "/v1/invitations/accept", { token, name: "Vera Viewer", password: "correct horse battery" });
  return context;
}

describe("the cardinality page", () => {
  it("[UI87] [UI88] [UI97] finds a label that explodes, leads to its values and series, and deletes them after their number was typed", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState });
    await page.goto("/console/observe/cardinality");
    const notice = page.locator(".notice", { hasText: `request_id has ${VALUES} values` });
    await notice.waitFor();
    await page.getByRole("row", { name: new RegExp(`^login_attempts_total ${VALUES}`) }).waitFor();
    await notice.getByRole("link", { name: "See its values" }).click();
    const values = page.getByRole("dialog", { name: "Values of request_id" });
    // The list is long: those in sight are drawn.
    const value = await values.getByRole("link").first().innerText();
    await values.getByRole("link", { name: value, exact: true }).click();
    await page
      .getByRole("dialog", { name: /^Series / })
      .getByText(`login_attempts_total job=login request_id=${value}`)
      .waitFor();
    await page.keyboard.press("Escape");

    await page.getByRole("link", { name: "login_attempts_total" }).click();
    await page.getByRole("dialog", { name: "Series login_attempts_total" }).getByRole("button", { name: "Delete these series" }).click();
    const drawer = page.getByRole("dialog", { name: "Delete series" });
    await drawer.getByText(`${VALUES} series would be deleted`).waitFor();
    expect(await axeFaults(page)).toEqual([]);
    await drawer.getByRole("button", { name: `Delete ${VALUES} series` }).press("Enter");
    const question = page.getByRole("dialog", { name: `Delete ${VALUES} series` });
    const act = question.getByRole("button", { name: `Delete ${VALUES} series` });
    expect(await act.isDisabled()).toBe(true);
    await question.getByLabel(`Type ${VALUES} to confirm`).fill(String(VALUES));
    await page.keyboard.press("Enter");
    await page.getByText(`${VALUES} series deleted.`).waitFor();
    await page.keyboard.press("Escape");
    await notice.waitFor({ state: "detached" });
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[UI89] [UI97] takes limits by keyboard, marks what the plan does not allow, asks before less is kept", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState });
    await page.goto("/console/observe/cardinality");
    await page
      .getByRole("heading", { name: /series$/ })
      .first()
      .waitFor();
    await tabTo(page, /^a Limits and retention/);
    await press(page, "Enter");
    const drawer = page.getByRole("dialog", { name: "Limits and retention" });
    await drawer.getByLabel("Raw points are kept for").fill("9999");
    await page.keyboard.press("Enter");
    await drawer.getByText(/^A whole number from 1 to 24/).waitFor();
    await focusOn(page, /^input/);
    await drawer.getByLabel("Raw points are kept for").fill("12");
    await drawer.getByLabel("New series an hour, at most").fill("1000");
    await page.keyboard.press("Enter");
    const question = page.getByRole("dialog", { name: "Keep less" });
    await question.getByText("older than the new time").waitFor();
    await question.getByLabel("Type keep less to confirm").fill("keep less");
    await page.keyboard.press("Enter");
    await page.getByText("Saved; it counts everywhere within").waitFor();
    const { settings } = await callApi<{ settings: object }>(context, server, "/v1/metrics/settings");
    expect(settings).toEqual({ shards: 1, rawHours: 12, minuteDays: null, hourDays: null, activeSeries: null, newSeriesPerHour: 1_000 });
    await drawer.getByLabel("Raw points are kept for").fill("");
    await drawer.getByRole("button", { name: "Save" }).click();
    const saved = async () =>
      (await callApi<{ settings: { rawHours: number | null } }>(context, server, "/v1/metrics/settings")).settings.rawHours;
    await expect.poll(saved, PATIENT).toBeNull();
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[UI97] offers a viewer neither deletion nor a form to fill in, on a phone", async () => {
    const context = await viewer();
    const page = await context.newPage();
    await page.setViewportSize(PHONE);
    await page.goto("/console/observe/cardinality");
    await page.getByRole("link", { name: "Limits and retention" }).click();
    const drawer = page.getByRole("dialog", { name: "Limits and retention" });
    await drawer.getByLabel("Shards").waitFor();
    expect(await drawer.locator("input:not(:disabled)").count()).toBe(0);
    expect(await drawer.getByRole("button", { name: "Save" }).count()).toBe(0);
    await page.goto("/console/observe/cardinality/delete?metric=queue_depth");
    await page
      .getByRole("heading", { name: /series$/ })
      .first()
      .waitFor();
    expect(await page.getByText(/Delete/).count()).toBe(0);
    expect(await boxFaults(page)).toEqual([]);
    await context.close();
  });
});

describe("the ingest page", () => {
  it("[UI91] [UI92] [UI97] shows who sends, and a refused sample with its reason, its key and the way out", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState });
    await sendRefused(server);
    await page.goto("/console/observe/ingest");
    await page.getByText(/samples? refused within the hour/).waitFor();
    await page
      .getByRole("table", { name: "Sources" })
      .getByRole("row", { name: /^JSON · demo/ })
      .waitFor();
    await page.getByRole("button", { name: /^too old 1/ }).click();
    await page.getByRole("link", { name: "too old" }).click();
    const drawer = page.getByRole("dialog", { name: "Refused: too old" });
    await drawer.getByText("/v1/metrics/import").waitFor();
    await drawer.getByText("timestamp-too-old").waitFor();
    await drawer.getByRole("link", { name: /demo/ }).waitFor();
    await drawer.locator("pre", { hasText: "temperature_of_yore" }).waitFor();
    expect(await axeFaults(page)).toEqual([]);
    await picture(page, "ingest-refused");
    const address = page.url();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.goto(address);
    await drawer.getByText("timestamp-too-old").waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[UI93] [UI97] tells how to send from each sender to this very address, and leads to a key for it", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState, viewport: PHONE });
    await page.goto("/console/observe/ingest");
    await page.getByRole("link", { name: "How to send" }).first().click();
    const drawer = page.getByRole("dialog", { name: "How to send" });
    await drawer.getByText(`${server.url}/prometheus/api/v1/write`).waitFor();
    await drawer.getByRole("button", { name: "OTel SDK" }).click();
    await drawer.getByText(`${server.url}/otlp/v1/metrics`).waitFor();
    expect(await axeFaults(page)).toEqual([]);
    expect(await boxFaults(page)).toEqual([]);
    await drawer.getByRole("link", { name: "Create a key" }).click();
    expect(await page.getByLabel("metrics:write").isChecked()).toBe(true);
    expect(await page.locator("input[type=checkbox]:checked").count()).toBe(1);
    expect(faults).toEqual([]);
    await context.close();
  });
});

describe("the storage page and long ranges", () => {
  it("[UI90] [UI97] says how many points are kept, by tier and shard", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState });
    await page.goto("/console/observe/storage");
    await page.getByRole("heading", { name: /^[\d.]+ k? ?points in [\d.]+ [KM]iB$/ }).waitFor();
    await page.getByRole("row", { name: /^raw points 1 d/ }).waitFor();
    await page.getByRole("row", { name: /^a point per hour 90 d/ }).waitFor();
    await page.getByRole("row", { name: /^shard 0/ }).waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[UI80] a host's page shows the last 7 and 90 days", async () => {
    const { page, context, faults } = await visit(browser, server, { storageState });
    await client.metrics.ingest({ samples: [0, 3_600_000, 7_200_000].flatMap((ago) => hostSamples(0, Date.now() - 5_000 - ago)) });
    for (const [label, points] of [
      ["last 7 d", 2],
      ["last 90 d", 1],
    ] as const) {
      await page.goto("/console/observe/hosts/seed-000");
      await page.getByRole("button", { name: /^Time range/ }).click();
      await page.getByRole("button", { name: label }).click();
      const load = page.locator(".chart", { has: page.getByRole("heading", { name: "Load" }) });
      await load.locator("canvas").waitFor();
      await load.getByRole("button", { name: "Show Load as a table" }).click();
      // At least as many steps with a value as hours were sent that far apart: steps of 15 minutes and of 3 hours.
      const filled = async () => (await load.locator("tbody td:nth-child(2)").allInnerTexts()).filter((text) => text !== "–").length;
      await expect.poll(filled, PATIENT).toBeGreaterThanOrEqual(points);
    }
    expect(faults).toEqual([]);
    await context.close();
  });
});
