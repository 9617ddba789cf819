import { importBodySchema } from "../../contract/metric-import.ts";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { acceptedWindow } from "../../contract/metric-samples.ts";
import { ingestReplySchema } from "../../contract/metrics.ts";
import { PLANS } from "../../contract/plans.ts";
import { accept, refuse } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { audited } from "../http/audited.ts";
import { route } from "../http/define-route.ts";
import { readImport } from "./import-lines.ts";
import { tenantOf } from "../http/objects.ts";
import { withForeignBody } from "./in-flight.ts";
import { IngestBatch } from "./ingest-batch.ts";
import { seriesCache } from "./isolate.ts";
import { metricSettingsOf } from "./settings-of-tenant.ts";
import { storeSamples } from "./store-batch.ts";

const DAY_MS = 86_400_000;
/** The edge does not know the plan; its shards refuse what is older than theirs. */
const HOUR_TIER_MS = Math.max(...Object.values(PLANS).map(({ hourRetentionMs }) => hourRetentionMs));

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

export function registerImportRoutes(app: App): void {
  route(
    app,
    {
      method: "post",
      path: "/v1/metrics/import",
      action: "metrics:manage",
      tag: "observe",
      summary: "Load history",
      description:
        "NDJSON with lines of { metric, labels, timestamps, values } or single samples, gzip and deflate accepted, as far back as rollups of an hour are kept. Points older than the raw tier go into rollups at once; an imported window replaces the one that was there, so send all points of an hour and series in one request.",
      rawBody: {
        mediaTypes: ["application/x-ndjson", "application/ndjson", "application/jsonl"],
        schema: importBodySchema,
        limits: { compressedBytes: METRIC_LIMITS.importBytes, decompressedBytes: METRIC_LIMITS.importBytes },
      },
      answer: { status: 202, schema: ingestReplySchema },
      problems: ["invalid-body", "invalid-encoding", "payload-too-large", "request-timeout", "unavailable"],
    },
    async (call) => {
      const { hourDays } = await metricSettingsOf(call);
      const window = acceptedWindow(call.now, hourDays === null ? HOUR_TIER_MS : Math.min(HOUR_TIER_MS, hourDays * DAY_MS));
      const read = await withForeignBody(call.request, "decoded", async ({ bytes }) => {
        const batch = new IngestBatch(seriesCache.of(call.principal.tenantId));
        let text: string;
        try {
          text = decoder.decode(bytes);
        } catch {
          return refuse("invalid-encoding", "The body is not valid UTF-8. Send JSON encoded in UTF-8."); // only decoding throws
        }
        const lines = readImport(text, window, batch);
        return lines.ok ? accept(batch) : lines;
      });
      if (!read.ok) return read;
      const batch = read.value;
      const id = await batch.contentId();
      const what = { action: "metrics.import", target: "metrics/series", detail: { points: batch.count } };
      return await audited(
        tenantOf(call),
        call.meta,
        what,
        async () => await storeSamples(call, batch, id, "import"),
        ({ accepted }) => ({ accepted }),
      );
    },
  );
}
