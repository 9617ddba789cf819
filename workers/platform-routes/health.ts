import { z } from "@hono/zod-openapi";
import { accept, refuse } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { readiness } from "./readiness.ts";

const healthz = {
  method: "get",
  path: "/healthz",
  action: "open",
  tag: "platform",
  summary: "Whether the process answers",
  answer: { status: 200, schema: z.object({ status: z.literal("ok") }) },
} as const;

const readyz = {
  method: "get",
  path: "/readyz",
  action: "open",
  tag: "platform",
  summary: "Whether everything it depends on answers",
  description: "Looks at both databases, one object and the archive, at most every 5 seconds per isolate.",
  answer: { status: 200, schema: z.object({ status: z.literal("ok"), checks: z.record(z.string(), z.literal("ok")) }) },
  problems: ["unavailable"],
} as const;

export function registerHealthRoutes(app: App): void {
  route(app, healthz, async () => accept({ status: "ok" as const }));
  route(app, readyz, async ({ env, ctx, now }) => {
    const failed = await readiness(env, ctx, now);
    const checks = { database: "ok", history: "ok", objects: "ok", archive: "ok" } as const;
    if (failed.length === 0) return accept({ status: "ok" as const, checks });
    return refuse("unavailable", `Not ready, because this does not answer: ${failed.join(", ")}. Try again in 5 s.`, { retryAfterS: 5 });
  });
}
