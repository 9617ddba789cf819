import { readFileSync } from "node:fs";

/** The agent is released with the platform. */
export function agentVersion(): string {
  try {
    const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    if (typeof manifest === "object" && manifest !== null && "version" in manifest && typeof manifest.version === "string")
      return manifest.version;
  } catch {
    // Bundled without its manifest.
  }
  return "unknown";
}
