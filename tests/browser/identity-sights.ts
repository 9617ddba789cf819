import type { Page } from "playwright-core";
import { change } from "./identity-seeds.ts";
import { press, showing, type Sight } from "./sights.ts";

const SUBJECT = "/console/control/subjects/minted/ada";
const PASSWORD = "a lamp over the harbour";

const said = (words: string | RegExp) => async (page: Page) => await page.getByText(words).first().waitFor();

function explained(words: RegExp) {
  return async (page: Page): Promise<void> => {
    await press("Explain")(page);
    await page.getByRole("heading", { name: words }).waitFor();
  };
}

const BACKUP = {
  scope: "node",
  target: "backups/2026-11-20",
  bytes: 123_456_789,
  objects: 412,
  rows: 91_234,
  checksum: "5e2f",
};

/** The platform in the middle of things, as the server would tell it. */
async function busyPlatform(page: Page): Promise<void> {
  await page.route(/\/v1\/platform\/key-ring/, (route) =>
    route.fulfill({
      json: {
        current: "k2",
        keys: [
          { id: "k2", state: "current", inUse: 120 },
          { id: "k1", state: "older", inUse: 292 },
        ],
        reseal: { state: "running", walked: 120, resealed: 118, finishedAt: null },
      },
    }),
  );
  const at = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
  const failed = { ...BACKUP, id: "2", state: "failed", startedAt: at(1), finishedAt: at(1), checksum: null, problem: "no space left" };
  const done = { ...BACKUP, id: "1", state: "done", startedAt: at(30), finishedAt: at(29.9), problem: null };
  await page.route(/\/v1\/platform\/backups/, (route) => route.fulfill({ json: { items: [failed, done], nextCursor: null } }));
  await page.reload();
  await page.getByRole("heading", { name: "The last backup failed" }).waitFor();
}

/** Somebody else saves the door while this page has changes of its own. */
async function saveAsTwo(page: Page): Promise<void> {
  const origins = page.getByLabel("Origins");
  await origins.fill("https://mine.example.com");
  const { origin } = new URL(page.url());
  const { settings } = (await (await page.request.get(`${origin}/v1/tenant/settings`)).json()) as { settings: object };
  const theirs = { ...settings, origins: [`https://theirs-${Date.now()}.example.com`] };
  await change(page.context(), { url: origin }, "put", "/v1/tenant/settings", theirs);
  await press("Save")(page);
  await page.getByRole("alert").getByText("Somebody else saved").waitFor();
}

/** What opens over the pages of identities, and what end users see. */
export const IDENTITY_SIGHTS: readonly Sight[] = [
  { name: "question before signing an end user out", address: SUBJECT, open: press("Sign out everywhere") },
  { name: "question before deleting an end user, on a phone", address: SUBJECT, phone: true, open: press("Delete") },
  { name: "question before signing everyone out", address: "/console/control/subjects", open: press("Sign everyone out") },
  {
    name: "end user who is not there",
    address: "/console/control/subjects/minted/nobody",
    refused: true,
    open: said("Nobody is called that"),
  },
  {
    name: "token that the door would take",
    address: "/console/control/issuers/school",
    open: async (page, school) => {
      await page.getByLabel("Test a token").fill(await school.token("dora"));
      await press("Test")(page);
      await said("The door would take this token")(page);
    },
  },
  {
    name: "token that the door would refuse, on a phone",
    address: "/console/control/issuers/school",
    phone: true,
    open: async (page, school) => {
      await page.getByLabel("Test a token").fill(await school.token("dora", -4_000));
      await press("Test")(page);
      await said("The door would refuse this token")(page);
    },
  },
  { name: "question before removing an issuer", address: "/console/control/issuers/school", open: press("Remove") },
  {
    name: "issuer with wrong fields",
    address: "/console/control/issuers?add=issuer",
    refused: true,
    open: async (page) => {
      await page.getByLabel("Name", { exact: true }).fill("Not A Name");
      await page.getByLabel("Issuer (iss)").fill("https://other.example");
      await page.getByLabel("Audiences (aud)").fill("meridian");
      await page.getByLabel("Address of the keys").fill("https://other.example/keys");
      await press("Register")(page);
      await page.locator("[aria-invalid=true]").waitFor();
    },
  },
  {
    name: "door with a wrong line",
    address: "/console/control/door",
    refused: true,
    open: async (page) => {
      await page.getByLabel("Origins").fill("https://shop.example.com/path");
      await press("Save")(page);
      await page.locator("[aria-invalid=true]").waitFor();
    },
  },
  {
    name: "door with another grant, on a phone",
    address: "/console/control/door",
    phone: true,
    open: async (page) => {
      await press("Add a grant")(page);
      await page.getByLabel("Name or prefix* of grant 2").fill("shop_*");
      await said(/^Not saved yet: the grants/)(page);
    },
  },
  { name: "door that two people save", address: "/console/control/door", refused: true, open: saveAsTwo },
  { name: "door that two people save, on a phone", address: "/console/control/door", phone: true, refused: true, open: saveAsTwo },
  {
    name: "signing secret",
    address: "/console/control/door",
    open: async (page) => {
      await press("Make the signing secret")(page);
      await said("This is the only time")(page);
    },
  },
  {
    name: "question before another signing secret",
    address: "/console/control/door",
    open: async (page) => {
      await press("Make another signing secret")(page);
      await showing("Make another signing secret")(page);
    },
  },
  {
    name: "undo of a public thing, on a phone",
    address: "/console/control/public",
    phone: true,
    open: async (page) => {
      await press("Make private")(page);
      await press("Undo")(page);
      await said(/names are public/)(page);
    },
  },
  { name: "explained: public", address: "/console/control/explain?name=shop_open", open: explained(/^Allowed/) },
  { name: "explained: missing", address: "/console/control/explain?name=shop_margin", open: explained(/^Refused/) },
  {
    name: "explained: grants",
    address: "/console/control/explain?who=grants&name=shop_margin",
    open: async (page) => {
      await press("Add a grant")(page);
      await page.getByLabel("Name or prefix* of grant 1").fill("shop_*");
      await explained(/^Allowed/)(page);
    },
  },
  {
    name: "explained: token, on a phone",
    address: "/console/control/explain?who=token&name=shop_stock",
    phone: true,
    open: async (page, school) => {
      await page.getByLabel("Token", { exact: true }).fill(await school.token("dora"));
      await explained(/^Allowed/)(page);
    },
  },
  { name: "platform in the middle of things", address: "/console/control/platform", open: busyPlatform },
  { name: "platform in the middle of things, on a phone", address: "/console/control/platform", phone: true, open: busyPlatform },
  {
    name: "account: used link",
    address: "/play/account?tenant=:slug#verify=mrv_0_nothing",
    signedOut: true,
    refused: true,
    open: async (page) => {
      await page.getByLabel("Password").fill("a long enough phrase");
      await press("Finish")(page);
      await page.getByText("This link was used already").waitFor();
    },
  },
  {
    name: "account: nobody's door",
    address: "/play/account?tenant=nobodys",
    signedOut: true,
    refused: true,
    open: said("Nobody has this door"),
  },
  {
    name: "account: register",
    address: "/play/account?tenant=:slug",
    signedOut: true,
    phone: true,
    open: async (page) => {
      await press("Register")(page);
      await page.getByRole("heading", { name: "Register" }).waitFor();
    },
  },
  {
    name: "account: not for a visitor",
    address: "/play/account?tenant=:slug",
    signedOut: true,
    refused: true,
    open: async (page) => {
      await page.getByLabel("Metric").fill("shop_margin");
      await press("Read")(page);
      await page.locator(".answer strong").waitFor();
    },
  },
  {
    name: "account: guest",
    address: "/play/account?tenant=:slug",
    signedOut: true,
    open: async (page) => {
      await press("Continue as a guest")(page);
      await page.getByRole("button", { name: "Add an address" }).waitFor();
    },
  },
  {
    name: "account: link on its way",
    address: "/play/account?tenant=:slug",
    signedOut: true,
    open: async (page) => {
      await press("Add an address")(page);
      await page.getByLabel("Email").fill("guest@example.com");
      await page.getByLabel("Password").fill(PASSWORD);
      await press("Save")(page);
      await said("Look into your mail")(page);
    },
  },
];
