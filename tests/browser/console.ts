import type { Page } from "playwright-core";
import type { TestServer } from "../lib/server.ts";

/** Signs in as the demo's operator and waits for the console's frame. */
export async function signIn(page: Page, server: Pick<TestServer, "url" | "demo">): Promise<void> {
  await page.goto(`${server.url}/`);
  await page.getByLabel(/email/i).fill(server.demo.email);
  await page.getByLabel(/password/i).fill(server.demo.password);
  await page.keyboard.press("Enter");
  await page.getByRole("main").getByRole("heading").first().waitFor();
}
