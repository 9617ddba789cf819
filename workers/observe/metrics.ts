import { plainMetric } from "../../contract/metric-key.ts";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { acceptedWindow } from "../../contract/metric-samples.ts";
import { metricQueryReplySchema, type SingleQuery, singleQuerySchema } from "../../contract/metric-query.ts";
import { ingestBodySchema, ingestReplySchema } from "../../contract/metrics.ts";
import type { App } from "../http/app.ts";
import { isMediaType } from "../http/accept.ts";
import { readBody } from "../http/body.ts";
import { route } from "../http/define-route.ts";
import { shareWithVisitors } from "../http/edge-cache.ts";
import { metricsOf } from "../http/objects.ts";
import { IngestBatch } from "./ingest-batch.ts";
import { seriesCache } from "./isolate.ts";
import { readSamples } from "./read-samples.ts";
import { storeSamples } from "./store-batch.ts";

const LINES = ["application/x-ndjson", "application/ndjson", "application/jsonl"] as const;

const LIMITS = { compressedBytes: METRIC_LIMITS.compressedBytes, decompressedBytes: METRIC_LIMITS.decompressedBytes };

/** Seconds that an answer to visitors may be old: an agent sends every five. */
const VISITORS_STALENESS_S = 5;

export function registerMetricRoutes(app: App): void {
  route(
    app,
    {
      method: "post",
      path: "/v1/metrics/ingest",
      action: "metrics:write",
      tag: "observe",
      summary: "Store samples",
      description:
        "JSON `{ batchId?, samples }` or NDJSON with a sample per line, gzip and deflate accepted. Good samples are stored when the answer arrives; bad ones are named by index. The same batchId, or the same content, within 10 minutes is stored once.",
      rawBody: { mediaTypes: ["application/json", ...LINES], schema: ingestBodySchema, limits: LIMITS },
      answer: { status: 202, schema: ingestReplySchema },
      problems: ["invalid-body", "invalid-encoding", "too-large", "request-timeout"],
    },
    async (call) => {
      const body = await readBody(call.request, LIMITS);
      if (!body.ok) return body;
      const batch = new IngestBatch(seriesCache.of(call.principal.tenantId));
      const form = isMediaType(call.request.headers.get("content-type"), LINES) ? "lines" : "json";
      const read = readSamples(body.value, form, acceptedWindow(call.now), batch);
      if (!read.ok) return read;
      const { batchId } = read.value;
      const id = batchId === undefined ? await batch.contentId() : `${call.meta.actor}/${batchId}`;
      return await storeSamples(call, batch, id, form === "lines" ? "ndjson" : "native");
    },
  );

  route(
    app,
    {
      method: "post",
      path: "/v1/metrics/query",
      action: "metrics:read",
      tag: "observe",
      summary: "Query series over a range",
      description:
        "At a tenant's door an end user needs a grant `metrics:read` for the metric, or it is public; a public metric shows all of its labels. Visitors share an answer for up to 5 s, over a range widened to whole 5 s.",
      // The one metric that a query can reach: matchers and groups choose among its series. A quoted name is the plain one.
      subjects: ({ body }) => [plainMetric((body as SingleQuery).metric)], // parsed with the schema below
      door: "also",
      body: singleQuerySchema,
      answer: { status: 200, schema: metricQueryReplySchema },
    },
    async (call) => {
      const query = call.principal.kind === "visitor" ? sharedRange(call.body) : call.body;
      const key = { name: "metrics/query", parts: query, maxAgeS: VISITORS_STALENESS_S };
      return await shareWithVisitors(call, key, async () => await metricsOf(call).query(query));
    },
  );
}

/** Widened to whole multiples of the staleness, so that "the last five minutes" of two visitors is one question and not two. */
function sharedRange(query: SingleQuery): SingleQuery {
  const stepMs = VISITORS_STALENESS_S * 1_000;
  const [start, end] = [Date.parse(query.start), Date.parse(query.end)];
  if (!(start < end)) return query; // refused as it is
  return {
    ...query,
    start: new Date(Math.floor(start / stepMs) * stepMs).toISOString(),
    end: new Date(Math.ceil(end / stepMs) * stepMs).toISOString(),
  };
}
