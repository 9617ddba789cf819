import type { EdgeEnv } from "../env.ts";
import { sweepSessions } from "./auth-store.ts";
import { sweepRecords } from "../db/d1-change.ts";
import { sweepOutbox } from "../db/d1-outbox.ts";

/**
 * Every minute: tells what requests left behind in the D1 outbox, and forgets ended sessions and answers older than a day.
 * Bounded by rows; running it twice is harmless.
 * @param now epoch milliseconds
 */
export async function sweepControl(env: EdgeEnv, now: number): Promise<void> {
  await sweepOutbox(env);
  await sweepRecords(env.DB, now);
  // The library writes expiries by the real clock.
  await sweepSessions(env.DB, Date.now());
}
