import { hostname } from "node:os";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { hostSamples } from "../../scripts/seeds/metrics.ts";
import { Meridian } from "../../sdk/client.ts";
import { launchBrowser } from "../lib/browser.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";
import { callApi, consolePages, drawn, hostReports, settled, signedInState, visit, type Visit } from "./console.ts";
import { type ForeignIssuer, seedIdentities } from "./identity-seeds.ts";
import { IDENTITY_SIGHTS } from "./identity-sights.ts";
import { axeFaults, boxFaults, picture } from "./measures.ts";
import { SIGHTS } from "./sights.ts";

const DESKTOP = { width: 1440, height: 900 };
const TABLET = { width: 768, height: 1024 };
const PHONE = { width: 360, height: 740 };
const SCHEMES = ["dark", "light"] as const;

const PAGES = await consolePages();
/** What of the console has an address: every page of its table with its drawers, and what opens by a parameter or leads nowhere. */
const ADDRESSES = [
  // Two paths without a parameter are two names of one page.
  ...PAGES.flatMap(({ paths }) => paths.filter((path, i) => i === 0 || path.includes(":"))),
  "/console/observe?add=host",
  "/console/observe?name=nothing-is-called-this",
  "/console/control/keys/new?for=agent",
  "/console/control/members/new",
  "/console/control/issuers?add=issuer",
  "/console/control/issuers/nobody",
  `/console/observe/explore?q=${encodeURIComponent('[{"name":"a","metric":"host_cpu_used_ratio","where":[["host","=~",".*"]]},{"name":"b","metric":"host_load1","by":["host"],"across":"sum","top":5}]')}&compare=previous`,
  `/console/observe/explore?q=${encodeURIComponent('[{"name":"a","metric":"host_load1"}]')}&view=table`,
  "/console/observe/cardinality/delete?metric=host_load1",
  "/console/observe/cardinality/series?metric=host_load1",
  "/console/observe/cardinality/label?label=host",
  "/console/observe/ingest?send=opentelemetry",
  // Not of the console: what end users see, at a door.
  "/play/account?tenant=:slug",
  "/console/nowhere",
];
/** The pages themselves are photographed in every way, what opens on them in one. */
const PHOTOGRAPHED = PAGES.map(({ paths }) => paths[0]);

let server: TestServer;
let browser: Browser;
let operator: Visit;
let stranger: Visit;
let invitation: string;
let school: ForeignIssuer;
/** What stands for each parameter of the addresses. */
let params: Readonly<Record<string, string>>;

beforeAll(async () => {
  server = await startTestServer({ agent: true });
  browser = await launchBrowser();
  const client = new Meridian({ url: server.url, key: server.demo.apiKey });
  // Five minutes of eight hosts: what their cards draw.
  const now = Math.floor(Date.now() / 5_000) * 5_000;
  const steps = Array.from({ length: 60 }, (_, i) => now - i * 5_000);
  await client.metrics.ingest({ samples: steps.flatMap((at) => Array.from({ length: 8 }, (_, n) => hostSamples(n, at)).flat()) });
  await client.rooms.create({ room: "lobby", title: "Lobby", members: ["ann", "ben"] });
  await client.rooms.send("lobby", [{ clientId: "1", text: "Good morning" }]);
  await client.topics.put("topic/school", { keyed: true });
  await client.topics.publish("topic/school", [{ clientId: "1", key: "bell", version: 1, data: { rings: true } }]);
  operator = await visit(browser, server, { storageState: await signedInState(browser, server) });
  stranger = await visit(browser, server);
  const { context } = operator;
  school = await seedIdentities(server, context);
  const invited = { email: "somebody@example.com", role: "viewer" };
  invitation = (await callApi<{ url: string }>(context, server, "/v1/invitations", invited)).url;
  const firstId = async (path: string): Promise<string> =>
    // An agent, and the event about it, need a moment to arrive.
    await vi.waitUntil(async () => (await callApi<{ items: { id: string }[] }>(context, server, path)).items[0]?.id, {
      timeout: 30_000,
      interval: 250,
    });
  params = {
    host: hostname(),
    board: "arcade",
    agent: await firstId("/v1/agents"),
    event: await firstId("/v1/events"),
    key: await firstId("/v1/keys"),
    member: await firstId("/v1/members"),
    seq: "1",
    issuer: "minted",
    sub: "player|7/8?long#sub-of-somebody-that-goes-on-and-on-and-on",
    name: "school",
    room: "lobby",
    kind: "topic",
    what: "settings",
    slug: (await callApi<{ tenant: { slug: string } }>(context, server, "/v1/me")).tenant.slug,
  };
  await hostReports(server, hostname());
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  removeState(server);
});

describe("every page and drawer", () => {
  it.each(ADDRESSES)("[UI29] [UI30] [UI32] %s is clean under axe, silent, and fits every window", async (pattern) => {
    const { page, faults } = operator;
    faults.length = 0;
    const address = pattern.replace(/:(\w+)/g, (_, name: string) =>
      encodeURIComponent(params[name] ?? expect.fail(`no value for :${name}`)),
    );
    const name = pattern
      .replace(/^\/console\//, "")
      .replace(/\W+/g, "-")
      .slice(0, 120);
    const found: string[] = [];
    for (const [i, size] of [DESKTOP, TABLET, PHONE].entries()) {
      await page.setViewportSize(size);
      if (i === 0) {
        await page.goto(address);
        await settled(page);
      }
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme });
        await drawn(page);
        // Whole where the layout differs, and the colours once more in the other scheme.
        const whole = size !== TABLET && colorScheme === "dark";
        const judged = whole || size === DESKTOP;
        if (judged)
          found.push(
            ...(await axeFaults(page, whole ? undefined : "colours")).map((fault) => `${size.width} px, ${colorScheme}: ${fault}`),
          );
        if (PHOTOGRAPHED.includes(pattern) || (size !== TABLET && colorScheme === "dark"))
          await picture(page, `${name}-${size.width}-${colorScheme}`);
      }
      found.push(...(await boxFaults(page)).map((fault) => `${size.width} px: ${fault}`));
    }
    expect(found).toEqual([]);
    expect(faults).toEqual([]);
  });
});

describe("what opens over a page, and what stands before the first", () => {
  it.each([...SIGHTS, ...IDENTITY_SIGHTS])(
    "[UI29] [UI30] [UI32] [UI71] $name is clean under axe, silent, and fits its window",
    async (sight) => {
      const { page, faults } = sight.signedOut ? stranger : operator;
      faults.length = 0;
      await page.setViewportSize(sight.phone ? PHONE : DESKTOP);
      await page.goto(
        sight.address
          .replace(":host", hostname())
          .replace(":invitation", invitation)
          .replace(":slug", params["slug"] ?? ""),
      );
      await settled(page);
      await sight.open(page, school);
      const found: string[] = [];
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await drawn(page);
        found.push(...(await axeFaults(page, colorScheme === "dark" ? "colours" : undefined)).map((fault) => `${colorScheme}: ${fault}`));
      }
      found.push(...(await boxFaults(page)));
      await picture(page, sight.name.replace(/\W+/g, "-"));
      await page.unrouteAll({ behavior: "ignoreErrors" });
      expect(found).toEqual([]);
      expect(faults.filter((fault) => !(sight.refused && fault.includes("Failed to load resource")))).toEqual([]);
    },
  );
});

describe("what a page leaves no room for", () => {
  it("[UI41] [UI39] the form of a key is submitted from the foot of its drawer, in sight, and the drawer's crumb is its name", async () => {
    const { page } = operator;
    await page.setViewportSize(DESKTOP);
    await page.goto("/console/control/keys/new");
    const box = await page.locator(".drawer-foot").getByRole("button", { name: "Create the key" }).boundingBox();
    expect(box!.y + box!.height).toBeLessThanOrEqual(DESKTOP.height);
    await page.goto(`/console/control/keys/${params["key"]}`);
    const name = await page.locator(".drawer-head h2").innerText();
    await page.locator(".breadcrumb [aria-current=page]", { hasText: name }).waitFor();
  });

  it("[UI42] a cell that is shortened has its whole text in its tooltip", async () => {
    const { page } = operator;
    await page.setViewportSize(PHONE);
    await page.goto("/console/control/keys");
    const name = "host agent of this machine";
    const cell = page.locator("td", { hasText: name });
    await cell.hover();
    expect(await cell.getAttribute("title")).toBe(name);
  });
});
