import { accept, type FieldError, type Outcome, refuse } from "../../contract/problems.ts";
import { mailSecretSchema, settingsSchema, type SettingsView, settingsViewSchema } from "../../contract/settings.ts";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import type { EdgeEnv } from "../env.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { tenantHost } from "../http/door-arrival.ts";
import { etagOf, ifMatchVersion } from "../http/etag.ts";
import { tenantOf } from "../http/objects.ts";

const common = { action: "tenant:manage", tag: "control" } as const;

/** What the tenant decides about itself: who reads our answers from a browser, which hosts are its door, what end users may. */
export function registerTenantSettingsRoutes(app: App): void {
  route(
    app,
    {
      ...common,
      method: "get",
      path: "/v1/tenant/settings",
      summary: "The tenant's settings, and what proves each of its hosts",
      answer: { status: 200, schema: settingsViewSchema },
    },
    async (call) => versioned(await tenantOf(call).settings(), call.answerHeaders),
  );
  route(
    app,
    {
      ...common,
      method: "put",
      path: "/v1/tenant/settings",
      summary: "Replace the tenant's settings",
      description:
        "The whole, each time. Send If-Match with the ETag of what you saw. A host that is left out stops leading to the tenant's door and has to be proved anew.",
      body: settingsSchema,
      answer: { status: 200, schema: settingsViewSchema },
      problems: ["precondition-failed"],
    },
    async (call) => {
      const expected = ifMatchVersion(call.request);
      if (!expected.ok) return expected;
      const errors = nobodysHosts(call.body.hosts, call.env);
      if (errors.length > 0)
        return refuse("invalid-body", "This deployment's own host, and addresses, cannot be a tenant's: see `errors`.", { errors });
      const grantsBytes = new TextEncoder().encode(JSON.stringify(call.body.defaultGrants)).byteLength;
      if (grantsBytes > SUBJECT_LIMITS.defaultGrantsBytes) {
        const detail = `take ${grantsBytes} bytes of each token; ${SUBJECT_LIMITS.defaultGrantsBytes} is the most. Use prefixes.`;
        return refuse("invalid-body", "One field has to be changed: see `errors`.", { errors: [{ pointer: "/defaultGrants", detail }] });
      }
      const put = await tenantOf(call).putSettings(call.body, expected.value, call.meta);
      // After it, and at every repetition: what is listed no longer leads nowhere, whatever this still says.
      if (put.ok) await releaseHosts(call.env, call.principal.tenantId, put.value.view.settings.hosts);
      return versioned(put, call.answerHeaders);
    },
  );
  route(
    app,
    {
      ...common,
      method: "post",
      path: "/v1/tenant/mail-secret",
      summary: "Make a new secret that signs mails for the webhook",
      description: "The answer holds it, once; the one before stops at once.",
      answer: { status: 201, schema: mailSecretSchema },
      problems: ["secret-already-shown"],
    },
    async (call) => await tenantOf(call).newMailSecret(call.meta),
  );
}

function versioned(outcome: Outcome<{ readonly view: SettingsView; readonly version: number }>, headers: Headers): Outcome<SettingsView> {
  if (!outcome.ok) return outcome;
  headers.set("etag", etagOf(outcome.value.version));
  return accept(outcome.value.view);
}

/** Those that can be no tenant's: the deployment's own, this machine's, and what browsers take for an address. */
function nobodysHosts(hosts: readonly string[], env: EdgeEnv): FieldError[] {
  return hosts.flatMap((host, at) => {
    const url = URL.parse(`https://${host}`);
    return url && tenantHost(url, env) === host ? [] : [{ pointer: `/hosts/${at}`, detail: "is no host that can lead to a tenant" }];
  });
}

/** Gives up the hosts that the tenant no longer lists, so that others may prove them. */
async function releaseHosts(env: EdgeEnv, tenantId: string, listed: readonly string[]): Promise<void> {
  await env.DB.prepare("DELETE FROM control_host WHERE tenant_id = ?1 AND host NOT IN (SELECT value FROM json_each(?2))")
    .bind(tenantId, JSON.stringify(listed))
    .run();
}
