import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { acceptedWindow } from "../../contract/metric-samples.ts";
import { ingestBodySchema, ingestReplySchema } from "../../contract/metrics.ts";
import type { App } from "../http/app.ts";
import { isMediaType } from "../http/accept.ts";
import { readBody } from "../http/body.ts";
import { route } from "../http/define-route.ts";
import { IngestBatch } from "./ingest-batch.ts";
import { seriesCache } from "./isolate.ts";
import { readSamples } from "./read-samples.ts";
import { storeSamples } from "./store-batch.ts";

const LINES = ["application/x-ndjson", "application/ndjson", "application/jsonl"] as const;

const LIMITS = { compressedBytes: METRIC_LIMITS.compressedBytes, decompressedBytes: METRIC_LIMITS.decompressedBytes };

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
      problems: ["invalid-body", "invalid-encoding", "payload-too-large", "request-timeout"],
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
}
