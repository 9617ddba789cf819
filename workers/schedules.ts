import { RELOAD_NODE } from "../contract/key-ring.ts";
import { WARM_NODE } from "../contract/warm-node.ts";
import { sweepHistory } from "./consumers/index.ts";
import { takeInBackups } from "./control/platform-backups.ts";
import { walkReseal } from "./control/platform-reseal.ts";
import { sweepControl } from "./control/tenant-sweep.ts";
import { runTenantBackups } from "./control/tenant-backup-run.ts";
import type { EdgeEnv } from "./env.ts";
import { pullKeyRing } from "./http/node-key-ring.ts";
import { clock } from "./http/request-context.ts";
import { sweepBoards } from "./live/leaderboards-finish.ts";
import { sweepRooms } from "./live/rooms-finish.ts";
import { sweepTopics } from "./live/topics-finish.ts";
import { warmShards } from "./observe/warm-shards.ts";

/** What a cron trigger starts; `cron` is the expression in wrangler.toml that fired. */
export type Schedule = (cron: string, env: EdgeEnv, ctx: ExecutionContext) => Promise<void>;

/** The triggers of wrangler.toml. */
const EVERY_MINUTE = "* * * * *";
const HOURLY = "7 * * * *";

/** Every capability's periodic work, one line each. */
export const SCHEDULES: readonly Schedule[] = [
  async (cron, env) => {
    if (cron === HOURLY) await sweepHistory(env, clock(env));
  },
  async (cron, env) => {
    if (cron === EVERY_MINUTE) await sweepControl(env, clock(env));
  },
  async (cron, env) => {
    if (cron === EVERY_MINUTE) await sweepBoards(env, clock(env));
  },
  async (cron, env) => {
    if (cron === EVERY_MINUTE) await sweepRooms(env, clock(env));
  },
  async (cron, env) => {
    if (cron === EVERY_MINUTE) await sweepTopics(env, clock(env));
  },
  async (cron, env, ctx) => {
    if (cron === RELOAD_NODE) await pullKeyRing(env);
    // Not awaited after a reload: whoever changed the ring waits for it to be taken, not for the walk.
    if (cron === RELOAD_NODE) ctx.waitUntil(walkReseal(env, clock(env)));
    if (cron === EVERY_MINUTE) await walkReseal(env, clock(env));
  },
  async (cron, env, ctx) => {
    if (cron === WARM_NODE) await warmShards(env, ctx, clock(env));
  },
  async (cron, env) => {
    if (cron === EVERY_MINUTE) await takeInBackups(env, clock(env));
  },
  async (cron, env) => {
    if (cron === EVERY_MINUTE) await runTenantBackups(env, clock(env));
  },
];

/** Runs all of them: one that fails is reported and holds up no other. @throws the first failure, after all have run */
export async function runSchedules(controller: ScheduledController, env: EdgeEnv, ctx: ExecutionContext): Promise<void> {
  const results = await Promise.allSettled(SCHEDULES.map(async (schedule) => await schedule(controller.cron, env, ctx)));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
