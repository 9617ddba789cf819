import { acceptedWindow } from "../../contract/metric-samples.ts";
import { accept } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { withForeignBody } from "./in-flight.ts";
import { digestOf } from "./ingest-batch.ts";
import { seriesCache } from "./isolate.ts";
import { isProtobuf, JSON_TYPE, otlpProblem, otlpSuccess, PROTOBUF } from "./otlp-answers.ts";
import { readOtlp } from "./otlp-read.ts";
import { storeSamples } from "./store-batch.ts";

/** Exporters put `/v1/metrics` behind a base; the second is where a Prometheus has it. */
const PATHS = ["/otlp/v1/metrics", "/prometheus/api/v1/otlp/v1/metrics"] as const;

export function registerOtlpRoutes(app: App): void {
  for (const path of PATHS) {
    route(
      app,
      {
        method: "post",
        path,
        action: "metrics:write",
        tag: "observe",
        summary: "Store metrics that OpenTelemetry sends",
        description:
          "OTLP/HTTP: an ExportMetricsServiceRequest in protobuf or JSON, gzip accepted; gauges, sums, histograms, exponential histograms and summaries, cumulative and delta. 200 when the good points are stored; partialSuccess counts the others. Errors are a google.rpc.Status in the request's encoding; 503 means to send it again.",
        rawBody: { mediaTypes: [PROTOBUF, JSON_TYPE] },
        answer: { status: 200, mediaType: "*/*" },
        problems: ["invalid-body", "invalid-encoding", "payload-too-large", "request-timeout", "unavailable"],
        renderProblem: otlpProblem,
      },
      async (call) => {
        const contentType = call.request.headers.get("content-type");
        const form = isProtobuf(contentType) ? "protobuf" : "json";
        const window = acceptedWindow(call.now);
        const read = await withForeignBody(call.request, "decoded", async ({ bytes }) => {
          const request = readOtlp(bytes, form, window, seriesCache.of(call.principal.tenantId));
          // Of the body and not of its samples: sent again, it may be read with other starts.
          return request.ok ? accept({ ...request.value, id: `otlp/${await digestOf(bytes)}` }) : request;
        });
        if (!read.ok) return read;
        const { batch, mapper, id } = read.value;
        const stored = await storeSamples(call, batch, id, form === "protobuf" ? "otlp-proto" : "otlp-json");
        if (!stored.ok) return stored;
        mapper.stored();
        return otlpSuccess(contentType, batch.partialSuccess(mapper.points));
      },
    );
  }
}
