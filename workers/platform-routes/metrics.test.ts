import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { OperatorPrincipal } from "../../contract/principal.ts";
import type { EdgeEnv } from "../env.ts";
import { clearIsolateCaches } from "../http/isolate-caches.ts";
import { testApp } from "../http/testing.ts";
import { exposition } from "./exposition.ts";
import { registerHealthRoutes } from "./health.ts";
import { registerMetricsRoute } from "./metrics.ts";

const ADMIN: OperatorPrincipal = {
  kind: "operator",
  tenantId: "t-metrics",
  userId: "u1",
  sessionId: "s1",
  email: "admin@meridian.test",
  name: "Admin",
  role: "viewer",
  deploymentAdmin: true,
};

function scraper(operator: OperatorPrincipal) {
  const { app, call } = testApp({ sessionPrincipal: async () => operator });
  registerMetricsRoute(app);
  registerHealthRoutes(app);
  clearIsolateCaches();
  return {
    call,
    scrape: async (changed: Partial<EdgeEnv> = {}) =>
      await call("/metrics", { headers: { cookie: "session=1" } }, { AGENTS: OBJECTS, METRICS: OBJECTS, ...changed }),
  };
}

/** Objects that answer, but for the one named `broken`. */
const OBJECTS = {
  getByName: (name: string) => ({
    async outboxStatus() {
      if (name.endsWith("/broken")) throw new Error("away");
      return { depth: 2, oldestAt: Date.now() - 3_000 };
    },
    status: async () => ({ series: 10, walRows: 4, blocks: 1, rowsWritten: 7, samples: 100, oldestAt: null }),
  }),
} as unknown as EdgeEnv["AGENTS"] & EdgeEnv["METRICS"]; // the calls a scrape makes

/** What `promtool check metrics` objects to, and the grammar of the text format. */
function lint(text: string): string[] {
  const faults: string[] = [];
  const help = new Set<string>();
  const types = new Map<string, string>();
  const series = new Set<string>();
  if (!text.endsWith("\n")) faults.push("no newline at the end");
  for (const line of text.trimEnd().split("\n")) {
    const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (comment) {
      const [, kind, name = "", rest = ""] = comment;
      if (kind === "HELP") help.add(name);
      else types.set(name, rest);
      continue;
    }
    const sample = /^([a-z_:][a-z0-9_:]*)(\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$/.exec(line);
    if (!sample) {
      faults.push(`not a sample: ${line}`);
      continue;
    }
    const [, full = "", labels = "", value = ""] = sample;
    const name = types.has(full) ? full : full.replace(/_(bucket|sum|count)$/, "");
    const type = types.get(name);
    if (!help.has(name) || !type) faults.push(`${name} has no HELP or TYPE before it`);
    if ((type === "counter") !== name.endsWith("_total")) faults.push(`${name}: only counters end in _total`);
    if (type !== "histogram" && /_(count|sum|bucket)$/.test(full)) faults.push(`${full} looks like a part of a histogram`);
    if (/_(milliseconds|ms|minutes|hours|kilobytes|megabytes|percent)(_|$)/.test(name)) faults.push(`${name} is not in base units`);
    if (/(^|_)(gauge|counter|histogram)(_|$)/.test(name)) faults.push(`${name} names its type`);
    if (Number.isNaN(Number(value))) faults.push(`${value} is no number`);
    if (series.has(full + labels)) faults.push(`${full}${labels} comes twice`);
    series.add(full + labels);
  }
  return faults;
}

describe("/metrics", () => {
  it("[HT47] is for deployment admins and keys that carry platform:read", async () => {
    expect((await scraper({ ...ADMIN, deploymentAdmin: false, role: "owner" }).scrape()).status).toBe(403);
    const { scrape, call } = scraper(ADMIN);
    expect((await scrape()).status).toBe(200);
    expect((await call("/metrics")).status).toBe(401);
  });

  it("[HT47] tells the values of databases and objects in a form that promtool has no objection to", async () => {
    await env.DB.prepare("INSERT INTO identity_organization (id, name, slug, created_at) VALUES ('t-m', 'm', 't-m', 0)").run();
    const objects = ["metrics/0", "agents/main", "agents/broken"].map((name) => name.split("/"));
    for (const [kind, name] of objects) {
      await env.DB.prepare("INSERT INTO control_object (tenant_id, kind, name, created_at) VALUES ('t-m', ?1, ?2, 0)")
        .bind(kind, name)
        .run();
    }
    const response = await scraper(ADMIN).scrape({ DEPLOYMENT_NAME: 'A "quoted" \\ name' });
    const text = await response.text();
    expect(response.headers.get("content-type")).toContain("version=0.0.4");
    expect(lint(text)).toEqual([]);
    expect(text).toContain("\nmeridian_tenants 1\n");
    expect(text).toContain('meridian_objects{kind="agents"} 2\n');
    expect(text).toContain("meridian_outbox_depth 4\n");
    expect(text).toContain("meridian_objects_failed 1\n");
    expect(text).toContain("meridian_metric_series 10\n");
    expect(text).not.toContain("t-m");
  });

  it("[HT48] counts requests by route pattern on a single node, and not where isolates are many", async () => {
    const { scrape, call } = scraper(ADMIN);
    await call("/healthz");
    await call("/v1/none/s3cret");
    await call("/healthz", { method: "PROPFIND" });
    const text = await (await scrape({ SINGLE_NODE: "true" })).text();
    expect(lint(text)).toEqual([]);
    expect(text).toContain('meridian_http_requests_total{method="GET",route="/healthz",status="200"} 1');
    expect(text).toContain('{method="other",route="none",status="405"} 1');
    expect(text).toContain('meridian_http_request_duration_seconds_bucket{le="+Inf"} 3');
    expect(text).not.toContain("s3cret");
    expect(await (await scrape({ SINGLE_NODE: "false" })).text()).not.toContain("meridian_http");
  });

  it("[HT47] leaves out what nobody knows, instead of a wrong zero", async () => {
    const EVENTS = { metrics: async () => { throw new Error("unknown"); } } as unknown as Queue; // prettier-ignore
    expect(await (await scraper(ADMIN).scrape({ EVENTS })).text()).not.toContain("meridian_events_backlog");
    expect(exposition([{ name: "x", type: "gauge", help: "h", samples: [] }])).toBe("");
  });
});
