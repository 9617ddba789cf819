import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { VERSION } from "../../contract/version.ts";

it("[AC36] the version that the deployment names is the package's", () => {
  const manifest: unknown = JSON.parse(readFileSync("package.json", "utf8"));
  expect(manifest).toMatchObject({ version: VERSION });
});
