import { consume } from "./consumers/index.ts";
import { app } from "./edge.ts";
import type { EdgeEnv } from "./env.ts";
import { runSchedules } from "./schedules.ts";

export default {
  async fetch(request, env, ctx) {
    return await app.fetch(request, env, ctx);
  },
  async queue(batch, env, ctx) {
    await consume(batch, env, ctx);
  },
  async scheduled(controller, env, ctx) {
    await runSchedules(controller, env, ctx);
  },
} satisfies ExportedHandler<EdgeEnv>;
