import { parseArgs } from "node:util";
import { Meridian } from "../../sdk/client.ts";
import { seedMetrics } from "../../scripts/seeds/metrics.ts";
import { launchBrowser } from "../../tests/lib/browser.ts";
import { removeState, startTestServer } from "../../tests/lib/server.ts";

/** Main-thread work of the Command Center in milliseconds per second, which the first issue bounds for 100 hosts. */
const BUDGET_MS_PER_S = 50;

/**
 * Opens the Command Center while simulated hosts send every 5 s, and reads how long the browser's main thread worked. The figure is
 * Chromium's own `TaskDuration` in CPU time of that thread: script, style, layout and paint preparation together.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { seconds: { type: "string", default: "30" } } });
  const seconds = Number(values.seconds);
  const server = await startTestServer();
  const sending = new AbortController();
  const browser = await launchBrowser();
  try {
    const live = seedMetrics(new Meridian({ url: server.url, key: server.demo.apiKey }), "bench", true, sending.signal);
    const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
    await page.goto(`${server.url}/console`);
    await page.getByLabel(/email/i).fill(server.demo.email);
    await page.getByLabel(/password/i).fill(server.demo.password);
    await page.keyboard.press("Enter");
    await page.getByText("seed-099").first().waitFor();
    await page.waitForTimeout(6_000);
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const read = async (): Promise<Record<string, number>> =>
      Object.fromEntries((await session.send("Performance.getMetrics")).metrics.map(({ name, value }) => [name, value]));
    const before = await read();
    await page.waitForTimeout(seconds * 1_000);
    const after = await read();
    const elapsed = seconds;
    const perSecond = (name: string): string => ((((after[name] ?? 0) - (before[name] ?? 0)) / elapsed) * 1_000).toFixed(1);
    console.log(`| Command Center, 100 hosts live, ${elapsed.toFixed(0)} s | ms per second |`);
    console.log("|---|---|");
    for (const name of ["TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration"])
      console.log(`| ${name} | ${perSecond(name)} |`);
    console.log(`\nbudget: ${BUDGET_MS_PER_S} ms of main-thread work per second; browser: Chromium ${browser.version()}`);
    sending.abort();
    await live;
    if (Number(perSecond("TaskDuration")) > BUDGET_MS_PER_S) process.exitCode = 1;
  } finally {
    sending.abort();
    await browser.close();
    await server.stop();
    removeState(server);
  }
}
