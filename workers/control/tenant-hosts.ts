import { z } from "@hono/zod-openapi";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { type SettingsView, settingsViewSchema } from "../../contract/settings.ts";
import type { EdgeEnv } from "../env.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { tenantOf } from "../http/objects.ts";
import { type Fetch, type Finding, lookForProof } from "./host-proof.ts";

/** @param outbound for tests, which have no network */
export function registerTenantHostRoutes(app: App, outbound: Fetch = async (request) => await fetch(request)): void {
  route(
    app,
    {
      method: "post",
      path: "/v1/tenant/hosts/{host}/verify",
      action: "tenant:manage",
      tag: "control",
      summary: "Look for the proof that a host is the tenant's",
      description:
        "The host has to be in the settings, which say what to put where: a TXT record, or a file on the host. Once proved, the host leads to the tenant's door and to nothing else. May be repeated at any time.",
      params: z.object({ host: z.string().min(1).max(253) }),
      answer: { status: 200, schema: settingsViewSchema },
      problems: ["not-found", "conflict"],
    },
    async (call): Promise<Outcome<SettingsView>> => {
      const tenant = tenantOf(call);
      const { tenantId } = call.principal;
      const settings = await tenant.settings();
      if (!settings.ok) return settings;
      const host = settings.value.view.hosts.find((known) => known.host === call.params.host);
      if (!host) return refuse("not-found", "This host is not in the tenant's settings. Put it there first.");
      const { dns, file } = await lookForProof(outbound, host);
      if (dns !== "proved" && file !== "proved") return unproved(dns, file);
      if (!(await claimHost(call.env, tenantId, host.host, call.now))) {
        return refuse("conflict", "This host leads to another tenant's door. It has to be taken out of their settings first.");
      }
      const noted = await tenant.noteHostVerified(host.host, call.meta);
      if (noted.ok) return accept(noted.value);
      // It left the settings meanwhile: the row must not stand for a host that nobody lists.
      if (noted.problem.slug === "not-found") await disclaimHost(call.env, tenantId, host.host);
      return noted;
    },
  );
}

function unproved(dns: Finding, file: Finding): Outcome<never> {
  return refuse("conflict", `The proof was not found. TXT record: ${dns}; file: ${file}. What was changed a moment ago may take minutes.`);
}

/** Whoever proves a host first has it, until it leaves their settings. Answers whether it is this tenant's. */
async function claimHost(env: EdgeEnv, tenantId: string, host: string, now: number): Promise<boolean> {
  const { meta } = await env.DB.prepare(
    `INSERT INTO control_host (host, tenant_id, verified_at) VALUES (?1, ?2, ?3)
     ON CONFLICT (host) DO UPDATE SET verified_at = ?3 WHERE tenant_id = ?2`,
  )
    .bind(host, tenantId, now)
    .run();
  return meta.changes > 0;
}

async function disclaimHost(env: EdgeEnv, tenantId: string, host: string): Promise<void> {
  await env.DB.prepare("DELETE FROM control_host WHERE host = ? AND tenant_id = ?").bind(host, tenantId).run();
}
