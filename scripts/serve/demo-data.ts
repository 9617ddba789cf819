import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Meridian } from "../../sdk/client.ts";
import { seedLeaderboards } from "../seeds/leaderboards.ts";
import { seedRooms } from "../seeds/rooms.ts";
import type { Demo } from "./demo.ts";

/**
 * Fills the demo tenant with what there is to look at, once per state folder, while the server is in use already. A start that
 * ended in between begins again: each part is known by its name and taken once.
 */
export async function fillDemo(
  { url, apiKey }: Demo,
  stateFolder: string,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  const done = join(stateFolder, "demo-data.json");
  if (existsSync(done)) return;
  const client = new Meridian({ url, key: apiKey });
  await seedLeaderboards(client, "demo", { live: false, signal, say });
  if (!signal.aborted) await seedRooms(client, "demo", { signal, say });
  if (!signal.aborted) writeFileSync(done, `${JSON.stringify({ leaderboards: new Date().toISOString() })}\n`, { mode: 0o600 });
}
