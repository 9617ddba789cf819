import { consume } from "./consumers/index.ts";
import type { EdgeEnv } from "./env.ts";
import { createApp } from "./http/app.ts";
import { registerAll } from "./routes.ts";
import { runSchedules } from "./schedules.ts";

/** The deployment's one app; made once per isolate. */
export const app = createApp();
registerAll(app);

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
