import type { EdgeEnv } from "./env.ts";

export default {
  async fetch(request, env, ctx) {
    return new Response("ok");
  },
} satisfies ExportedHandler<EdgeEnv>;
