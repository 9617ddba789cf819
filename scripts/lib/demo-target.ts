import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./project.ts";

/** A running server and a key for it: from `--url` and `--key`, else from the `demo.json` that `npm start` leaves. @throws with what to do */
export function findTarget(options: { url?: string | undefined; key?: string | undefined; state?: string | undefined }): {
  url: string;
  key: string;
} {
  if (options.url && options.key) return { url: options.url, key: options.key };
  const file = join(options.state ?? join(ROOT, ".meridian/state"), "demo.json");
  try {
    const demo: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof demo === "object" && demo !== null && "url" in demo && "apiKey" in demo)
      return { url: options.url ?? String(demo.url), key: options.key ?? String(demo.apiKey) };
  } catch {
    // No such file: the same answer as a file without the two fields.
  }
  throw new Error(`No running demo is known (${file}). Run npm start first, or give --url and --key.`);
}
