import type { Page } from "playwright-core";
import type { ForeignIssuer } from "./identity-seeds.ts";

export interface Sight {
  readonly name: string;
  /** With `:host` for this machine, and `:invitation` for the whole link of an open invitation. */
  readonly address: string;
  /** Opens what is to be judged, and waits for it. */
  readonly open: (page: Page, school: ForeignIssuer) => Promise<unknown>;
  readonly phone?: true;
  readonly signedOut?: true;
  /** A refusal that the test provokes: the browser writes the answer's status into its console. */
  readonly refused?: true;
}

export const press = (name: string | RegExp) => async (page: Page) => await page.getByRole("button", { name }).first().click();
export const showing = (name: string | RegExp) => async (page: Page) => await page.getByRole("dialog", { name }).waitFor();

async function createKey(page: Page): Promise<void> {
  await page.getByLabel("Name").fill("to be looked at");
  await press("Create the key")(page);
  await showing("Key created")(page);
}

const DEAD_LETTER = {
  id: "01a1f823-7881-79b6-9b75-b5a230d93ea0",
  eventId: "01a1f823-7881-79b6-9b75-b5a230d93ea1",
  type: "meridian.agent.connected",
  subject: "agent/web-1",
  reason: "D1_ERROR: no such table: event: SQLITE_ERROR",
  attempts: 6,
  failedAt: "2026-11-20T08:47:16.609Z",
  replayedAt: null,
};

/** The spine in trouble, as the server would tell it: a message was given up on. */
async function withDeadLetters(page: Page): Promise<void> {
  await page.route(/\/v1\/events\/status/, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), deadLetters: 1 } });
  });
  await page.route(/\/v1\/dead-letters/, (route) => route.fulfill({ json: { items: [DEAD_LETTER], nextCursor: null } }));
  await page.reload();
  await page.getByLabel("Select all").check();
}

/** What opens over a page, and what stands before the first. */
export const SIGHTS: readonly Sight[] = [
  { name: "palette", address: "/console/settings", open: (page) => page.keyboard.press("Control+k") },
  {
    name: "palette with nothing in it",
    address: "/console/settings",
    open: async (page) => {
      await page.keyboard.press("Control+k");
      await page.keyboard.type("zzzz");
      await page.getByText("Nothing is called that").waitFor();
    },
  },
  { name: "keys", address: "/console/settings", open: (page) => page.keyboard.press("?") },
  { name: "menu of tenants", address: "/console/settings", open: press(/^Tenant/) },
  { name: "menu of themes", address: "/console/settings", open: press(/^Theme/) },
  { name: "menu of the person", address: "/console/settings", open: press("Demo Operator") },
  { name: "wide rail", address: "/console/settings", open: press("Widen the rail") },
  { name: "more, on a phone", address: "/console/settings", phone: true, open: press("More") },
  { name: "time range", address: "/console/control/events", open: press(/^Time range/) },
  { name: "time range, on a phone", address: "/console/observe/hosts/:host", phone: true, open: press(/^Time range/) },
  { name: "choice of columns", address: "/console/control/audit", open: press("Choose columns") },
  {
    name: "verified chain",
    address: "/console/control/audit",
    open: async (page) => {
      await press("Verify the chain")(page);
      await page.getByRole("heading", { name: /^The chain holds|whole|verified/i }).waitFor();
    },
  },
  {
    name: "held picture",
    address: "/console/observe",
    open: async (page) => {
      await page.keyboard.press("p");
      await page.getByText(/\d+ held/).waitFor();
    },
  },
  { name: "chart as a table", address: "/console/observe/hosts/:host", open: press(/^Show Load as a table/) },
  {
    name: "isolated series",
    address: "/console/observe/hosts/:host?show.load=1 min",
    open: async (page) => await page.locator(".legend").first().waitFor(),
  },
  { name: "created key", address: "/console/control/keys/new?for=agent", open: createKey },
  { name: "created key, on a phone", address: "/console/control/keys/new?for=agent", phone: true, open: createKey },
  {
    name: "question before revoking",
    address: "/console/control/keys",
    open: async (page) => {
      await page.getByRole("link", { name: "host agent of this machine" }).click();
      await press("Revoke")(page);
      await page.getByText("used it last").waitFor();
    },
  },
  {
    name: "created invitation",
    address: "/console/control/members/new",
    open: async (page) => {
      await page.getByLabel("Email").fill("another@example.com");
      await press("Create the link")(page);
      await showing("Invitation created")(page);
    },
  },
  {
    name: "wrong field of an agent's configuration",
    address: "/console/control/agents/:host",
    open: async (page) => {
      await page.getByLabel("Interval in seconds").fill("never");
      await press("Save and push")(page);
      await page.locator("[aria-invalid=true]").waitFor();
    },
  },
  { name: "dead letters", address: "/console/control/events", open: withDeadLetters },
  {
    name: "sign-in",
    address: "/console",
    signedOut: true,
    open: async (page) => await page.getByRole("heading", { name: "Sign in" }).waitFor(),
  },
  {
    name: "refused sign-in",
    address: "/console",
    signedOut: true,
    refused: true,
    open: async (page) => {
      await page.getByLabel("Email").fill("nobody@example.com");
      await page.getByLabel("Password").fill("not the password");
      await press("Sign in")(page);
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "first account",
    address: "/console",
    signedOut: true,
    open: async (page) => {
      await page.route(/\/v1\/deployment/, async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, json: { ...(await answer.json()), signUpOpen: true, demo: false } });
      });
      await page.reload();
      await page.getByRole("heading", { name: "Create the first account" }).waitFor();
    },
  },
  {
    name: "invitation",
    address: ":invitation",
    signedOut: true,
    open: async (page) => await page.getByRole("heading", { name: "Join Demo" }).waitFor(),
  },
  {
    name: "used invitation",
    address: "/console/join?token=nothing",
    signedOut: true,
    refused: true,
    open: async (page) => await page.getByText("This invitation does not work").waitFor(),
  },
];
