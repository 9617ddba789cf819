import type { EdgeEnv } from "../env.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { registerIsolateCache } from "../http/isolate-caches.ts";
import { Lru } from "../http/lru.ts";
import { DURATION_BOUNDS_S, type RequestCounts, requestCounts } from "../http/request-counters.ts";
import { SingleFlight } from "../http/single-flight.ts";
import { type DeploymentValues, deploymentValues } from "./deployment-values.ts";
import { EXPOSITION_TYPE, type MetricFamily, type MetricSample, exposition } from "./exposition.ts";

/** Several scrapers cost one look in this time; usual scrape intervals are longer. */
const CACHED_MS = 10_000;

const metrics = {
  method: "get",
  path: "/metrics",
  action: "platform:read",
  tag: "platform",
  summary: "The deployment's own metrics",
  description:
    "Prometheus text format. Values of the whole deployment, held by databases and objects; request counters on a single node only.",
  answer: { status: 200, mediaType: "text/plain" },
} as const;

const values = new Lru<DeploymentValues>(1);
const reads = new SingleFlight<DeploymentValues>();
registerIsolateCache(() => {
  values.clear();
  reads.clear();
});

export function registerMetricsRoute(app: App): void {
  route(app, metrics, async ({ env, ctx, now }) => {
    const known = values.get("all", now) ?? (await reads.run("all", ctx, async () => await deploymentValues(env, now)));
    values.set("all", known, now + CACHED_MS);
    const families = [...deploymentFamilies(env, known), ...(env.SINGLE_NODE === "true" ? requestFamilies(requestCounts()) : [])];
    return new Response(exposition(families), { headers: { "content-type": EXPOSITION_TYPE } });
  });
}

function deploymentFamilies(env: EdgeEnv, known: DeploymentValues): MetricFamily[] {
  const { shards } = known;
  return [
    gauge("meridian_deployment_info", "The deployment's name, as a label; always 1.", {
      labels: { deployment: env.DEPLOYMENT_NAME },
      value: 1,
    }),
    gauge("meridian_tenants", "Tenants.", known.tenants),
    gauge("meridian_operators", "People with an account.", known.operators),
    gauge("meridian_api_keys", "API keys that are not revoked.", known.activeKeys),
    gauge(
      "meridian_objects",
      "Registered objects by kind.",
      ...known.objects.map(({ kind, count }) => ({ labels: { kind }, value: count })),
    ),
    gauge("meridian_objects_asked", "Objects asked for the values below; at most 200.", known.objectsAsked),
    gauge("meridian_objects_failed", "Objects asked that did not answer.", known.objectsFailed),
    gauge("meridian_outbox_depth", "Events in outboxes that are not yet confirmed.", known.outboxDepth),
    gauge("meridian_outbox_oldest_age_seconds", "Age of the oldest of them.", known.outboxOldestAgeMs / 1_000),
    gauge("meridian_events_backlog", "Messages on the events queue.", ...(known.queueBacklog === undefined ? [] : [known.queueBacklog])),
    gauge("meridian_events_stored", "Single events in the database, counted up to 100000.", known.storedEvents),
    gauge("meridian_dead_letters", "Dead letters that wait for a replay, counted up to 100000.", known.deadLetters),
    gauge("meridian_metric_series", "Series held by metric shards.", shards.series),
    gauge("meridian_metric_write_ahead_rows", "Write-ahead rows that wait to be packed.", shards.walRows),
    gauge("meridian_metric_blocks", "Packed blocks.", shards.blocks),
    counter("meridian_metric_samples_total", "Samples stored by metric shards since they started.", shards.samples),
    counter("meridian_metric_rows_written_total", "Rows written by metric shards since they started.", shards.rowsWritten),
  ];
}

function requestFamilies({ requests, buckets, sumS }: RequestCounts): MetricFamily[] {
  const total = buckets.reduce((sum, count) => sum + count, 0);
  let below = 0;
  const cumulative = DURATION_BOUNDS_S.map((bound, i) => {
    below += buckets[i] ?? 0;
    return { suffix: "_bucket", labels: { le: String(bound) }, value: below };
  });
  return [
    counter(
      "meridian_http_requests_total",
      "Answered requests by method, route pattern and status, since the node started.",
      ...requests.map(({ method, route: pattern, status, count }) => ({ labels: { method, route: pattern, status }, value: count })),
    ),
    {
      name: "meridian_http_request_duration_seconds",
      type: "histogram",
      help: "Time to answer requests, since the node started.",
      samples: [
        ...cumulative,
        { suffix: "_bucket", labels: { le: "+Inf" }, value: total },
        { suffix: "_sum", value: sumS },
        { suffix: "_count", value: total },
      ],
    },
  ];
}

type Value = number | MetricSample;

function gauge(name: string, help: string, ...samples: readonly Value[]): MetricFamily {
  return { name, type: "gauge", help, samples: samples.map(sampleOf) };
}

function counter(name: string, help: string, ...samples: readonly Value[]): MetricFamily {
  return { name, type: "counter", help, samples: samples.map(sampleOf) };
}

function sampleOf(value: Value): MetricSample {
  return typeof value === "number" ? { value } : value;
}
