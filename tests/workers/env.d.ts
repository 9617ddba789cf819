import type { D1Migration } from "@cloudflare/vitest-plugin";
import type * as objects from "../../durable-objects/index.ts";
import type { EdgeEnv } from "../../workers/env.ts";

declare global {
  namespace Cloudflare {
    /** In tests the bindings are the real namespaces, so that an object can be opened, evicted and its alarm run. */
    interface Env extends Omit<
      EdgeEnv,
      "TENANT" | "METRICS" | "HUB" | "AGENTS" | "ATTEMPTS" | "SUBJECTS" | "ROOMS" | "INBOXES" | "REALTIME"
    > {
      TENANT: DurableObjectNamespace<objects.Tenant>;
      METRICS: DurableObjectNamespace<objects.MetricShard>;
      HUB: DurableObjectNamespace<objects.Hub>;
      AGENTS: DurableObjectNamespace<objects.AgentFleet>;
      ATTEMPTS: DurableObjectNamespace<objects.AttemptLimiter>;
      SUBJECTS: DurableObjectNamespace<objects.Subjects>;
      LEADERBOARDS: DurableObjectNamespace<objects.Leaderboard>;
      ROOMS: DurableObjectNamespace<objects.Room>;
      INBOXES: DurableObjectNamespace<objects.Inbox>;
      REALTIME: DurableObjectNamespace<objects.Realtime>;
      TEST_MIGRATIONS: { db: D1Migration[]; history: D1Migration[] };
    }
    interface GlobalProps {
      mainModule: typeof import("../../workers/platform.ts");
    }
  }
}
