import { afterAll, beforeAll, expect, it } from "vitest";
import { launchBrowser } from "../lib/browser.ts";
import { makeCertificate } from "../lib/certificate.ts";
import { type ProductionNode, startProductionNode } from "../lib/production.ts";
import { freePort } from "../lib/server.ts";
import { startTlsProxy, type TlsProxy } from "../lib/tls-proxy.ts";

/** Browsers find names below `localhost` by themselves. */
const HOST = "ops.localhost";
let node: ProductionNode;
let proxy: TlsProxy;
beforeAll(async () => {
  node = await startProductionNode(HOST);
  proxy = await startTlsProxy({
    ...makeCertificate(HOST),
    backendPort: node.server.port,
    port: node.publicPort,
    httpPort: await freePort(),
  });
});
afterAll(async () => {
  await proxy.stop();
  await node.server.stop();
  node.remove();
});

it("[ND6] [ND40] a browser over TLS asks the first operator for the setup token, and keeps the cookies it is given", async () => {
  const browser = await launchBrowser();
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await page.goto(`${node.publicUrl}/console`);
    await page.getByLabel("Name").fill("First Operator");
    await page.getByLabel("Email").fill("owner@example.com");
    await page.getByLabel("Password").fill("correct horse battery staple");
    const token = page.getByLabel("Setup token");
    await token.fill("not-the-token-not-the-token");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("alert").filter({ hasText: "setup token" }).waitFor();
    await token.fill(node.setupToken);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("navigation").first().waitFor();
    await page.reload();
    await page.getByRole("navigation").first().waitFor();
    const cookies = await context.cookies();
    expect(cookies.map(({ name }) => name)).toContain("__Host-meridian.session");
    for (const cookie of cookies) expect(cookie).toMatchObject({ secure: true, httpOnly: true, sameSite: "Lax", domain: HOST, path: "/" });
  } finally {
    await browser.close();
  }
});
