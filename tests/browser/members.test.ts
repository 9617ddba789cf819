import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../lib/browser.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";
import { callApi, PATIENT, signedInState, visit } from "./console.ts";

const EMAIL = "nora@example.com";
const PASSWORD = "correct horse battery";

let server: TestServer;
let browser: Browser;

beforeAll(async () => {
  server = await startTestServer();
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  removeState(server);
});

describe("a member", () => {
  it("[UI34] is invited, joins by the link, changes role with an undo, is removed, and is out within 2 s", async () => {
    const owner = await visit(browser, server, { storageState: await signedInState(browser, server) });
    await owner.page.goto("/console/control/members");
    await owner.page.getByRole("link", { name: "Invite a member" }).click();
    await owner.page.getByLabel("Email").fill(EMAIL);
    await owner.page.getByRole("radio", { name: /^operator/ }).check();
    await owner.page.getByRole("button", { name: "Create the link" }).click();
    const link = await owner.page.getByRole("dialog", { name: "Invitation created" }).locator("pre").innerText();
    await owner.page.getByRole("button", { name: "Done" }).click();
    await owner.page.getByRole("table", { name: "Open invitations" }).getByText(EMAIL).waitFor();

    const joiner = await visit(browser, server);
    await joiner.page.goto(link);
    await joiner.page.getByText(`${EMAIL} is invited as operator`).waitFor();
    await joiner.page.getByLabel("Name").fill("Nora New");
    await joiner.page.getByLabel("Password").fill(PASSWORD);
    await joiner.page.getByRole("button", { name: "Join" }).click();
    await joiner.page.waitForURL("**/console/observe");
    await joiner.page.locator(".rail-link", { hasText: "Agents" }).waitFor();
    expect(await joiner.page.locator(".rail-link", { hasText: "Keys" }).count()).toBe(0);
    await expect.poll(() => joiner.page.locator(".connection-light").innerText(), PATIENT).toBe("live");
    expect(joiner.faults).toEqual([]);

    await owner.page.getByRole("button", { name: "Refresh" }).click();
    const members = owner.page.getByRole("table", { name: "Members" });
    await members.getByRole("row", { name: /Nora New.*operator/ }).waitFor();
    await owner.page.getByRole("table", { name: "Open invitations" }).waitFor({ state: "detached" });

    await members.getByRole("link", { name: "Nora New" }).click();
    const drawer = owner.page.getByRole("dialog", { name: "Member Nora New" });
    await drawer.getByRole("radio", { name: /^admin/ }).check();
    await owner.page.getByText("Nora New is admin now.").waitFor();
    await members.getByRole("row", { name: /Nora New.*admin/ }).waitFor();
    const roleSeen = async () => (await callApi<{ role: string }>(joiner.context, server, "/v1/me")).role;
    await expect.poll(roleSeen, { timeout: 2_000 }).toBe("admin");
    await owner.page.getByRole("button", { name: "Undo" }).click();
    await members.getByRole("row", { name: /Nora New.*operator/ }).waitFor();
    await expect.poll(roleSeen, { timeout: 2_000 }).toBe("operator");

    await drawer.getByRole("button", { name: "Remove" }).click();
    await owner.page.getByRole("dialog", { name: "Remove Nora New" }).getByRole("button", { name: "Remove the member" }).click();
    await owner.page.getByText("Nora New is removed.").waitFor();
    // Their next click; the closed socket may have led them out before it.
    const { page } = joiner;
    await page
      .locator(".rail-link", { hasText: "Agents" })
      .click({ timeout: 1_000 })
      .catch(() => {});
    await page.getByText("You are signed out").waitFor({ timeout: 2_000 });
    await members.getByText("Nora New").waitFor({ state: "detached" });

    // Signing in again leads nowhere, and says so.
    await page.getByLabel("Email").fill(EMAIL);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").getByText("You belong to no tenant here").waitFor();
    // A changed role and a removal end the person's socket and session, which the browser itself writes into its console.
    expect(joiner.faults.filter((fault) => !/^console: (WebSocket connection|Failed to load resource)/.test(fault))).toEqual([]);
    expect(owner.faults).toEqual([]);
    await owner.context.close();
    await joiner.context.close();
  });
});
