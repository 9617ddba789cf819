import { createHmac } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../lib/browser.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";
import { drawn, PATIENT, settled, visit, type Visit } from "./console.ts";
import { axeFaults, boxFaults, picture } from "./measures.ts";

const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1440, height: 900 };
const THEMES = ["dark", "light", "ocean", "sunset"] as const;

let server: TestServer;
/** The same machine by its name, at which browsers allow passkeys. */
let here: { readonly url: string };
let browser: Browser;

beforeAll(async () => {
  server = await startTestServer();
  here = { url: `http://localhost:${server.port}` };
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  removeState(server);
});

/** Axe, widths and pictures of what is on the page, on a desk and a phone, in each theme. */
async function judge(page: Page, name: string): Promise<void> {
  const found: string[] = [];
  for (const size of [DESKTOP, PHONE]) {
    await page.setViewportSize(size);
    for (const theme of THEMES) {
      await page.evaluate((chosen) => (document.documentElement.dataset["theme"] = chosen), theme);
      await drawn(page);
      const faults = await axeFaults(page, size === DESKTOP && theme === "dark" ? undefined : "colours");
      found.push(...faults.map((fault) => `${size.width} px, ${theme}: ${fault}`));
      await picture(page, `${name}-${size.width}-${theme}`);
    }
    found.push(...(await boxFaults(page)).map((fault) => `${size.width} px: ${fault}`));
  }
  await page.setViewportSize(DESKTOP);
  expect(found, name).toEqual([]);
}

/** The code of an authenticator app (RFC 6238), `steps` periods of 30 s from now. */
function totp(base32: string, steps = 0): string {
  const bits = base32.replaceAll(/./g, (char) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(char).toString(2).padStart(5, "0"));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const secret = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const mac = createHmac("sha1", secret).update(counter).digest();
  return String((mac.readUInt32BE((mac.at(-1) ?? 0) & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

const card = (page: Page, title: string) => page.locator(".card", { has: page.getByRole("heading", { name: title, exact: true }) });
const framed = async (page: Page) => await page.locator("#main").getByRole("heading").first().waitFor();

async function password(page: Page): Promise<void> {
  await page.getByLabel("Email").fill(server.demo.email);
  await page.getByLabel("Password").fill(server.demo.password);
  await page.keyboard.press("Enter");
}

async function open(path = "/console/settings"): Promise<Visit> {
  const opened = await visit(browser, here);
  await opened.page.goto(path);
  await opened.page.getByRole("heading", { name: "Sign in" }).waitFor();
  return opened;
}

async function signOut(page: Page): Promise<void> {
  await page.goto("/console/settings");
  await page.getByRole("button", { name: "Sign out", exact: true }).first().click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
}

/** What the browser writes into its console about a refusal that a test provokes. */
const unprovoked = (faults: readonly string[]) => faults.filter((fault) => !fault.includes("Failed to load resource"));

describe("the sign-in page", () => {
  it("[UI43] says which deployment it leads to, that it is a demo, and where its password is", async () => {
    const { page, context, faults } = await visit(browser, server);
    await page.goto("/console");
    const entrance = page.locator("main");
    await entrance.getByText("Meridian", { exact: true }).waitFor();
    const words = await entrance.innerText();
    expect(words).toContain(`${new URL(server.url).host} · demo · version `);
    expect(words).toMatch(/demo\.json/);
    expect(words).not.toContain(server.demo.password);
    await judge(page, "entrance");
    // By address there are no passkeys; the page leads to where there are.
    await page.getByRole("link", { name: `localhost:${server.port}` }).click();
    await page.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
    await judge(page, "entrance-by-name");
    expect(faults.filter((fault) => !fault.startsWith("foreign request"))).toEqual([]);
    await context.close();
  });
});

describe("the second factor", () => {
  it("[UI45] [UI44] [UI49] is set up, asked for at the next sign-in, renewed and switched off", async () => {
    const { page, context, faults } = await open();
    await password(page);
    await framed(page);
    await settled(page);
    await judge(page, "account");
    const factor = card(page, "Second factor");
    await factor.getByText("Off", { exact: true }).waitFor();
    // The whole of it without a mouse: the focus stands in the field that is next.
    await factor.getByRole("button", { name: "Set it up" }).focus();
    await page.keyboard.press("Enter");
    await factor.getByLabel("Your password").waitFor();
    await page.keyboard.type("not my password");
    await page.keyboard.press("Enter");
    await factor.getByText("This is not your password.").waitFor();
    await judge(page, "proof-refused");
    await factor.getByLabel("Your password").fill(server.demo.password);
    await page.keyboard.press("Enter");
    await factor.getByRole("img", { name: /QR code/ }).waitFor();
    await judge(page, "set-up");
    const secret = (await factor.locator(".totp-key code").innerText()).replaceAll(" ", "");
    const codes = await factor.locator(".backup-codes code").allInnerTexts();
    expect(codes).toHaveLength(10);
    await factor.getByLabel("Code", { exact: true }).fill("000000");
    await page.keyboard.press("Enter");
    await factor.getByText(/not the code of this moment/).waitFor();
    await factor.getByLabel("Code", { exact: true }).fill(totp(secret));
    await page.keyboard.press("Enter");
    await factor.getByText("On", { exact: true }).waitFor();
    await factor.getByText("10 backup codes are left.").waitFor();
    await judge(page, "factor-on");

    await signOut(page);
    await password(page);
    await page.getByLabel("Code", { exact: true }).waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("autocomplete")), PATIENT).toBe("one-time-code");
    await judge(page, "second-step");
    await page.keyboard.type("000000");
    await page.keyboard.press("Enter");
    await page.getByText(/^The code is wrong or was used already/).waitFor();
    await judge(page, "second-step-refused");
    await page.getByLabel("Code", { exact: true }).fill(totp(secret, 1));
    await page.keyboard.press("Enter");
    await framed(page);

    await signOut(page);
    await password(page);
    await page.getByRole("button", { name: "Use a backup code" }).click();
    await page.getByLabel("Backup code").fill(` ${codes[0]} `);
    await page.keyboard.press("Enter");
    await framed(page);
    await page.goto("/console/settings");
    await factor.getByText("9 backup codes are left.").waitFor();

    await factor.getByRole("button", { name: "New backup codes" }).click();
    await factor.getByLabel("Your password").fill(server.demo.password);
    await page.keyboard.press("Enter");
    await factor.getByText("Your new backup codes.").waitFor();
    expect(await factor.locator(".backup-codes code").allInnerTexts()).not.toContain(codes[1]);
    await judge(page, "new-codes");
    await factor.getByRole("button", { name: "Switch it off" }).click();
    await factor.getByLabel("Your password").fill(server.demo.password);
    await page.keyboard.press("Enter");
    await factor.getByText("Off", { exact: true }).waitFor();
    expect(unprovoked(faults)).toEqual([]);
    await context.close();
  });

  it("[UI44] starts again, with a word on why, when the password was given too long ago", async () => {
    const { page, context } = await open();
    await page.route(/\/v1\/auth\/sign-in\/email/, (route) => route.fulfill({ json: { twoFactor: true } }));
    await password(page);
    await page.getByLabel("Code", { exact: true }).fill("123456");
    await page.keyboard.press("Enter");
    await page.getByText(/Start the sign-in again/).waitFor();
    await page.getByLabel("Password").waitFor();
    await context.close();
  });
});

describe("passkeys", () => {
  it("[UI47] [UI49] are added, named, sign in without a password, and are removed", async () => {
    const { page, context, faults } = await open();
    const cdp = await context.newCDPSession(page);
    await cdp.send("WebAuthn.enable");
    const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
      options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true }, // prettier-ignore
    });
    // There is none yet: the browser says no more than that.
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.getByText(/^No passkey was used/).waitFor();
    await password(page);
    await framed(page);
    const passkeys = card(page, "Passkeys");
    await passkeys.getByRole("button", { name: "Add a passkey" }).click();
    await passkeys.getByLabel("Name").fill("Blue key");
    await passkeys.getByLabel("Your password").fill(server.demo.password);
    await page.keyboard.press("Enter");
    await passkeys.getByText("Blue key").waitFor();
    await judge(page, "passkey");
    await passkeys.getByRole("button", { name: "Rename Blue key" }).click();
    await page.keyboard.type("Desk");
    await judge(page, "passkey-renaming");
    await page.keyboard.press("Enter");
    await passkeys.getByRole("button", { name: "Rename Desk" }).waitFor();

    await signOut(page);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await framed(page);
    // A device that has not verified its person is not enough.
    await signOut(page);
    await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.getByText(/^No passkey was used/).waitFor();
    await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await framed(page);

    await page.goto("/console/settings");
    await passkeys.getByRole("button", { name: "Remove Desk" }).click();
    await page.getByRole("dialog", { name: "Remove Desk" }).getByRole("button", { name: "Remove it" }).click();
    await passkeys.getByText("A passkey signs you in with finger, face or PIN").waitFor();
    await signOut(page);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.getByText("This passkey is not known here.").waitFor();
    expect(unprovoked(faults)).toEqual([]);
    await context.close();
  });
});

describe("the sessions", () => {
  it("[UI48] name their devices, and end one by one or all others together", async () => {
    const mine = await open();
    await password(mine.page);
    await framed(mine.page);
    const others = [await open("/console/observe"), await open("/console/observe")];
    for (const { page } of others) {
      await password(page);
      await framed(page);
    }
    const sessions = card(mine.page, "Where you are signed in");
    await mine.page.reload();
    await sessions.getByText("this browser").waitFor();
    expect(await sessions.locator("li").first().innerText()).toMatch(/Chrome on /);
    await judge(mine.page, "sessions");
    const before = await sessions.getByRole("listitem").count();
    // The newest stands first.
    await sessions.getByRole("button", { name: "Sign out", exact: true }).first().click();
    await expect.poll(() => sessions.getByRole("listitem").count(), PATIENT).toBe(before - 1);
    await others[1]!.page
      .getByText("Your session has ended", { exact: false })
      .or(others[1]!.page.getByText("your session has ended"))
      .first()
      .waitFor();
    await sessions.getByRole("button", { name: "Sign out everywhere else" }).click();
    await expect.poll(() => sessions.getByRole("listitem").count(), PATIENT).toBe(1);
    await others[0]!.page.getByText("your session has ended").waitFor();
    for (const { context } of [mine, ...others]) await context.close();
  });
});
