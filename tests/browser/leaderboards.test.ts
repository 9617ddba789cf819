import type { Browser, Page, Route } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cheatersRun, SEEDED_BOARDS, seededPlayer, seededRuns } from "../../scripts/seeds/leaderboards.ts";
import { Meridian } from "../../sdk/client.ts";
import { launchBrowser } from "../lib/browser.ts";
import { mulberry } from "../lib/random.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";
import { callApi, PATIENT, settled, type SignedIn, signedInState, visit } from "./console.ts";
import { focusOn, tabTo } from "./keys.ts";
import { axeFaults, boxFaults, picture } from "./measures.ts";

const LIST = "/console/live/leaderboards";
const BOARD = "deathmatch";
const PLAYERS = 420;
const CHEATERS = 4;
const REQUEST = "01a1f823-7484-7e26-a29a-d358019b489f";

let server: TestServer;
let browser: Browser;
let client: Meridian;
let storageState: SignedIn;

beforeAll(async () => {
  server = await startTestServer();
  browser = await launchBrowser();
  client = new Meridian({ url: server.url, key: server.demo.apiKey });
  const [seeded] = SEEDED_BOARDS;
  if (!seeded) throw new Error("the seeds have no board");
  await client.leaderboards.create(seeded.create);
  const random = mulberry(11);
  const now = Date.now();
  const lines = Array.from({ length: PLAYERS }, (_, n) => [...seededRuns(seeded, seededPlayer(n), now, random)]).flat();
  await client.leaderboards.importScores(BOARD, lines, "browser-test");
  await client.leaderboards.submitBatch(BOARD, {
    batchId: "cheaters",
    items: Array.from({ length: CHEATERS }, (_, n) => cheatersRun(seeded, n)),
  });
  storageState = await signedInState(browser, server);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  if (server) removeState(server);
});

async function at(address: string, options: Parameters<typeof visit>[2] = {}) {
  const visited = await visit(browser, server, { storageState, ...options });
  await visited.page.goto(address);
  await settled(visited.page);
  return visited;
}

const currentCase = (page: Page) => page.getByRole("list", { name: "Cases" }).locator("[aria-current=true] .lb-suspect");

describe("the review of suspicious players", () => {
  it("[LB119] bans a seeded cheater by keyboard alone, corrects the ranks and leaves an audit entry", { timeout: 120_000 }, async () => {
    const { page, context, faults } = await at(`${LIST}/${BOARD}?tab=review`);
    await page.getByRole("heading", { name: `Deathmatch: ${CHEATERS} cases to review` }).waitFor();
    // The odd ones are flagged, which counts until somebody judges: they stand in the ranking.
    await page.keyboard.press("j");
    let suspect = await currentCase(page).innerText();
    for (let i = 0; i < CHEATERS && !/-[13]$/.test(suspect); i++) {
      await page.keyboard.press("j");
      suspect = await currentCase(page).innerText();
    }
    const player = suspect.replace("totally-legit", "cheater");
    const before = await client.leaderboards.rank(BOARD, player);
    expect(before.rank).not.toBeNull();
    const [behind] = (await client.leaderboards.entries(BOARD, { rank: before.rank! + 1, limit: 1 })).items;

    // Nothing happens before Enter, and nothing after Esc.
    await page.keyboard.press("b");
    await page.getByRole("button", { name: `Ban ${suspect}` }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: `Ban ${suspect}` }).waitFor({ state: "detached" });
    // What was confirmed by mistake is taken back, and nobody was told of it.
    await page.keyboard.press("b");
    await page.keyboard.press("Enter");
    await page.getByText(`${suspect} will be banned in 10 s.`).waitFor();
    expect(await page.getByRole("list", { name: "Cases" }).getByText(suspect, { exact: true }).count()).toBe(0);
    await page.keyboard.press("u");
    await page.getByText(`Taken back: nothing was decided on ${suspect}.`).waitFor();
    expect(await currentCase(page).innerText()).toBe(suspect);
    expect((await client.leaderboards.rank(BOARD, player)).rank).toBe(before.rank);

    // With a note, then on to the next case, which sends the one before.
    await page.keyboard.press("n");
    await page.keyboard.type("far too quick");
    await page.keyboard.press("Escape");
    await page.keyboard.press("b");
    await page.keyboard.press("Enter");
    await page.keyboard.press("x");
    await page.keyboard.press("s");
    await page.keyboard.press("s");
    await page.getByRole("button", { name: /^Suspend totally-legit-\d for 30 days and take 1 run back/ }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByText(new RegExp(`^${suspect} is banned\\. \\d+ rankings corrected`)).waitFor();
    expect((await client.leaderboards.player(BOARD, player)).state).toBe("banned");
    const after = await client.leaderboards.entries(BOARD, { rank: before.rank!, limit: 1 });
    expect(after.items[0]?.player).toBe(behind?.player);

    // Leaving sends what is held; both stand in the audit log.
    await page.keyboard.press("g");
    await page.keyboard.press("u");
    await page.getByRole("table", { name: "Audit log" }).waitFor();
    await expect
      .poll(async () => {
        await page.getByRole("button", { name: "Refresh" }).click();
        const pill = page.locator(".pill");
        if ((await pill.count()) > 0) await pill.click();
        return await page.getByRole("row", { name: /leaderboard\.decide done/ }).count();
      }, PATIENT)
      .toBe(2);
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[LB119] lists what was decided, with the note, and says what the rules were worth", { timeout: 60_000 }, async () => {
    const { page, context, faults } = await at(`${LIST}/${BOARD}?tab=review`);
    await page.getByRole("button", { name: "Decided" }).click();
    await page.getByRole("list", { name: "Cases" }).getByText("banned").click();
    await page.getByText(/^banned .* far too quick$/).waitFor();
    await page.getByRole("heading", { name: "What the rules were worth" }).waitFor();
    await page.getByText("2 of 2 upheld, 100 %").first().waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[LB119] brings a case back that the server would not decide, and says why", { timeout: 60_000 }, async () => {
    const { page, context } = await at(`${LIST}/${BOARD}?tab=review`);
    await page.route(/\/decision$/, failed);
    const suspect = await currentCase(page).innerText();
    await page.keyboard.press("c");
    await page.keyboard.press("Enter");
    await page.keyboard.press("c");
    await page.keyboard.press("Enter");
    await page.getByText(`The decision on ${suspect} was not taken: The server failed. (request ${REQUEST})`).waitFor();
    await page.getByRole("list", { name: "Cases" }).getByText(suspect, { exact: true }).waitFor();
    await page.unrouteAll();
    await context.close();
    expect((await client.leaderboards.reviews(BOARD)).open).toBeGreaterThan(0);
  });
});

async function failed(route: Route): Promise<void> {
  const problem = { type: "/problems/internal", title: "Something broke", status: 500, detail: "The server failed.", requestId: REQUEST };
  await route.fulfill({ status: 500, contentType: "application/problem+json", json: problem });
}

describe("a board's ranking", () => {
  it("[LB111] shows any window and partition from any rank, finds names, and opens a player by address", { timeout: 60_000 }, async () => {
    const { page, context, faults } = await at(`${LIST}/${BOARD}`);
    // Not the top, which may be five seconds old and name somebody who was banned since.
    const first = (await client.leaderboards.entries(BOARD, { limit: 1 })).items[0]!;
    await page.getByRole("link", { name: first.name! }).waitFor();
    await page.getByRole("spinbutton", { name: "Rank to jump to" }).fill("301");
    await page.keyboard.press("Enter");
    await page.getByText(/^ranks 301 to 400 of 42\d$/).waitFor();
    await page.getByRole("button", { name: "Better 100" }).click();
    await page.getByText(/^ranks 201 to 300/).waitFor();
    await page.getByLabel("Partition").selectOption("eu");
    const eu = await client.leaderboards.entries(BOARD, { limit: 1, partition: "eu" });
    await page.getByRole("link", { name: eu.items[0]!.name! }).waitFor();
    await page.getByLabel("Window").selectOption("weekly");
    await page.getByRole("table", { name: "Ranking: This week, eu" }).waitFor();
    await page.goto(`${LIST}/${BOARD}`);
    await settled(page);
    await page.keyboard.press("/");
    await page.keyboard.type(first.name!.slice(0, 8));
    await page.getByText(/players? found/).waitFor();
    await page.getByRole("link", { name: first.name! }).press("Enter");
    const drawer = page.getByRole("dialog", { name: `Player ${first.name}` });
    await drawer.getByText(/^Rank 1 of 42\d in “All time”/).waitFor();
    await page.reload();
    await drawer.getByText("Streak").waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[LB111] forgets a player once their id was typed", { timeout: 60_000 }, async () => {
    const gone = (await client.leaderboards.entries(BOARD, { rank: 100, limit: 1 })).items[0]!;
    const { page, context, faults } = await at(`${LIST}/${BOARD}?player=${gone.player}`);
    await page.getByRole("button", { name: "Erase the player" }).press("Enter");
    const question = page.getByRole("dialog", { name: `Erase ${gone.name}` });
    await question.getByLabel(`Type ${gone.player} to confirm`).fill(gone.player);
    await page.keyboard.press("Enter");
    await page.getByText(`${gone.name} is erased from this board.`).waitFor();
    expect((await client.leaderboards.rank(BOARD, gone.player)).rank).toBeNull();
    expect(faults).toEqual([]);
    await context.close();
  });
});

describe("boards", () => {
  it("[LB116] [LB117] are made, changed and deleted by keyboard, and read as a document", { timeout: 90_000 }, async () => {
    const { page, context, faults } = await at(LIST);
    await tabTo(page, /Create a board/);
    await page.keyboard.press("Enter");
    const making = page.getByRole("dialog", { name: "Create a board" });
    await making.getByLabel("Name").fill("capture");
    await making.getByLabel("Mode").selectOption("capture-the-flag");
    await making.getByLabel("Partitions").fill("region: eu us");
    await making.getByLabel("Name").press("Enter");
    await page.getByRole("heading", { name: "Capture the flag" }).waitFor();
    await page.getByText("Nobody has a rank here yet").waitFor();

    await page.getByRole("button", { name: "Edit" }).press("Enter");
    const definition = page.getByRole("dialog", { name: "Definition of capture" });
    await definition.getByText("Nobody has scored yet: apply the board as a document to change this.").waitFor();
    await definition.getByLabel("Title").fill("Capture it");
    await definition.getByRole("button", { name: "Add a reward" }).press("Enter");
    await definition.getByLabel("Name of reward 1").fill("champion");
    await definition.getByRole("button", { name: "Save" }).press("Enter");
    await definition.getByText("Write ranks such as 1-10, or a part such as 5%.").waitFor();
    await definition.getByLabel(/^Who gets reward 1/).fill("1-3");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Capture it" }).waitFor();
    const { config } = await client.leaderboards.get("capture");
    expect(config).toMatchObject({ rewards: [{ window: "daily", reward: "champion", ranks: { from: 1, to: 3 } }], title: "Capture it" });
    expect(config.rules).toHaveLength(3);

    await page.goto(`${LIST}?add=document`);
    const drawer = page.getByRole("dialog", { name: "Boards as a document" });
    const text = drawer.getByLabel("Modes and boards");
    expect(JSON.parse(await text.inputValue())).toMatchObject({ boards: { capture: { title: "Capture it" } } });
    await text.fill("{");
    await drawer.getByRole("button", { name: "Apply the document" }).press("Enter");
    await drawer.getByText(/^This is no JSON/).waitFor();
    await text.fill(JSON.stringify({ boards: { capture: { ...config, title: "Captured" } } }));
    await drawer.getByRole("button", { name: "Apply the document" }).press("Enter");
    await drawer.getByText("1 change", { exact: true }).waitFor();
    expect((await client.leaderboards.get("capture")).config.title).toBe("Captured");

    await page.goto(`${LIST}/capture`);
    await page.getByRole("button", { name: "Delete the board" }).press("Enter");
    await page.getByLabel("Type capture to confirm").fill("capture");
    await page.keyboard.press("Enter");
    await page.getByText("The board “Captured” is deleted.").waitFor();
    await page.getByRole("table", { name: "Leaderboards" }).waitFor();
    await page.getByRole("link", { name: "capture", exact: true }).waitFor({ state: "detached" });
    expect(faults).toEqual([]);
    await context.close();
  });

  it("[LB110] [LB118] lead from the list to the live panel, which hears a score within seconds", { timeout: 60_000 }, async () => {
    const { page, context, faults } = await at(LIST);
    await page.getByRole("row", { name: new RegExp(`^${BOARD} Deathmatch live`) }).waitFor();
    await page.getByRole("link", { name: BOARD, exact: true }).press("Enter");
    await page.getByRole("link", { name: "Live", exact: true }).press("Enter");
    await page.getByText("live, each second").waitFor();
    await focusOn(page, /^a Live/);
    await client.leaderboards.submit(BOARD, { player: "newcomer", name: "new-comer", score: 19_999, durationMs: 1_500_000 });
    await page.locator(".lb-top").getByText("new-comer").waitFor();
    await page.getByText("Active players").waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });
});

const VIEWS = [
  LIST,
  `${LIST}?add=board`,
  `${LIST}?add=document`,
  `${LIST}/${BOARD}`,
  `${LIST}/${BOARD}?player=player-1`,
  `${LIST}/${BOARD}?edit=config`,
  `${LIST}/${BOARD}?tab=live`,
  `${LIST}/${BOARD}?tab=review`,
  `${LIST}/${BOARD}?tab=review&cases=decided`,
  `${LIST}/${BOARD}?tab=windows`,
  `${LIST}/${BOARD}?tab=windows&of=all`,
];

describe("every view of leaderboards", () => {
  for (const [width, height, colorScheme] of [
    [1_440, 900, "dark"],
    [768, 1_024, "light"],
    [360, 740, "dark"],
  ] as const)
    it(`[LB119] fits ${width} px and breaks no rule of accessibility`, { timeout: 120_000 }, async () => {
      const { page, context, faults } = await visit(browser, server, { storageState, viewport: { width, height }, colorScheme });
      const found: string[] = [];
      for (const address of VIEWS) {
        await page.goto(address);
        await settled(page);
        if (address.includes("tab=review")) await page.keyboard.press("b");
        const faultsHere = [...(await axeFaults(page)), ...(await boxFaults(page))];
        found.push(...faultsHere.map((fault) => `${address}: ${fault}`));
        await picture(page, `leaderboards-${VIEWS.indexOf(address)}-${width}`);
      }
      expect(found).toEqual([]);
      expect(faults).toEqual([]);
      await context.close();
    });

  it("[LB119] says what is missing, what failed, and which roles see it", { timeout: 90_000 }, async () => {
    const { page, context } = await at(`${LIST}/nothing-here`);
    await page.getByRole("heading", { name: "No board called nothing-here" }).waitFor();
    for (const [tab, what] of [
      ["review", /\/reviews/],
      // Without the socket too, which would bring the figures.
      ["live", /\/(stats|tickets)/],
      ["windows", /\/windows/],
      ["ranking", /\/entries/],
    ] as const) {
      await page.route(what, failed);
      await page.goto(`${LIST}/${BOARD}?tab=${tab}`);
      const error = page.locator("main .blank.error");
      await error.waitFor();
      expect(await error.innerText(), tab).toContain(REQUEST);
      await Promise.all([page.waitForRequest(what), error.getByRole("button", { name: "Try again" }).click()]);
      await page.unrouteAll();
      // Views that poll may be faster than this.
      await page.getByRole("button", { name: "Refresh" }).click();
      await error.waitFor({ state: "detached" });
    }
    // What cannot be read again stays, with its age.
    await page.route(/\/entries/, failed);
    await page.getByText("The ranking could not be refreshed: The server failed.").waitFor();
    await page.getByRole("table", { name: "Ranking: All time" }).waitFor();
    await page.unrouteAll();

    const invited = { email: "boards-viewer@example.com", role: "viewer" };
    const { url } = await callApi<{ url: string }>(context, server, "/v1/invitations", invited);
    const viewer = await visit(browser, server);
    const token = new URL(url).searchParams.get("token");
    await callApi(viewer.context, server, "/v1/invitations/accept", { token, name: "Vera", password: "correct horse battery" });
    await viewer.page.goto(`${LIST}/${BOARD}?tab=review`);
    await viewer.page.getByRole("heading", { name: "Your role (viewer) does not include the review of suspicious players" }).waitFor();
    const views = viewer.page.getByRole("navigation", { name: "Views of the board" }).getByRole("link");
    expect(await views.allInnerTexts()).toEqual(["Ranking", "Windows and archives"]);
    await viewer.page.goto(LIST);
    await viewer.page.getByRole("table", { name: "Leaderboards" }).waitFor();
    expect(await viewer.page.getByRole("link", { name: "Create a board" }).count()).toBe(0);
    expect(await axeFaults(viewer.page)).toEqual([]);
    expect(viewer.faults).toEqual([]);
    await viewer.context.close();
    await context.close();
  });
});

// Last, because closing and archiving take a minute, in which the others were busy.
describe("the windows of a board", () => {
  it("[LB119] keep closed windows with their archives and the best of them to save", { timeout: 120_000 }, async () => {
    const { page, context, faults } = await at(`${LIST}/${BOARD}?tab=windows`);
    await expect
      .poll(async () => await page.getByRole("row", { name: /^daily:\S+ archived/ }).count(), { timeout: 90_000 })
      .toBeGreaterThan(0);
    await page
      .getByRole("row", { name: /^daily:\S+ archived/ })
      .first()
      .getByRole("link")
      .press("Enter");
    const drawer = page.getByRole("dialog", { name: /^Window daily:/ });
    const [saved] = await Promise.all([
      page.waitForEvent("download"),
      drawer
        .getByRole("button", { name: /as CSV$/ })
        .first()
        .click(),
    ]);
    expect(saved.suggestedFilename()).toMatch(/^deathmatch-daily-\d{4}-\d{2}-\d{2}-top\.csv$/);
    await drawer.getByRole("heading", { name: "Rewards" }).waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });
});
