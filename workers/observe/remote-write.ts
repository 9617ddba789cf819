import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { acceptedWindow, type TimeWindow } from "../../contract/metric-samples.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { withForeignBody } from "./in-flight.ts";
import { digestOf, IngestBatch } from "./ingest-batch.ts";
import { seriesCache } from "./isolate.ts";
import { MalformedProtobuf } from "./protobuf.ts";
import { readWriteRequest } from "./remote-write-read.ts";
import { TooManySamples } from "./remote-write-state.ts";
import { rejectionText, remoteWriteProblem, tooManySamples } from "./remote-write-text.ts";
import type { TenantSeries } from "./series-cache.ts";
import { decodeSnappy } from "./snappy.ts";
import { storeSamples } from "./store-batch.ts";

const PROTOBUF = "application/x-protobuf";
/** The one message that this path takes, named by senders that know several. */
const MESSAGE = "prometheus.WriteRequest";

export function registerRemoteWriteRoutes(app: App): void {
  route(
    app,
    {
      method: "post",
      path: "/prometheus/api/v1/write",
      action: "metrics:write",
      tag: "observe",
      summary: "Store samples that Prometheus sends",
      description:
        "Prometheus remote-write 1.0: a snappy block of a prometheus.WriteRequest with samples, exemplars, histograms and metadata. 204 when it is stored. 400 when samples were refused for good: the others are stored, and the text says why. 503 means to send it again. The key comes as bearer token or as basic password.",
      rawBody: { mediaTypes: [PROTOBUF] },
      answer: { status: 204, mediaType: "*/*" },
      problems: ["invalid-body", "invalid-encoding", "payload-too-large", "request-timeout", "unavailable"],
      renderProblem: remoteWriteProblem,
    },
    async (call) => {
      const format = checkFormat(call.request.headers);
      if (!format.ok) return format;
      const window = acceptedWindow(call.now);
      const read = await withForeignBody(call.request, "as-sent", async ({ bytes, room }) => {
        const batch = readBlock(bytes, room, window, seriesCache.of(call.principal.tenantId));
        return batch.ok ? accept({ batch: batch.value, id: `remote-write/${await digestOf(bytes)}` }) : batch;
      });
      if (!read.ok) return read;
      const { batch, id } = read.value;
      const stored = await storeSamples(call, batch, id, "remote-write");
      if (!stored.ok) return stored;
      if (batch.rejectedCount === 0) return accept(undefined);
      return new Response(rejectionText(batch, stored.value.accepted, window), {
        status: 400,
        headers: { "content-type": "text/plain; charset=utf-8" },
      });
    },
  );
}

/** What the headers say of the body, besides the media type. */
function checkFormat(headers: Headers): Outcome<undefined> {
  const proto = /;\s*proto\s*=\s*"?([^";\s]+)/i.exec(headers.get("content-type") ?? "")?.[1];
  if (proto !== undefined && proto !== MESSAGE) {
    return refuse("unsupported-media-type", `Send remote-write 1.0 (protobuf_message: ${MESSAGE}); ${proto.slice(0, 100)} is not taken.`);
  }
  const encoding = (headers.get("content-encoding") ?? "snappy").trim().toLowerCase();
  return encoding === "snappy" ? accept(undefined) : refuse("unsupported-media-type", "Send the body with Content-Encoding snappy.");
}

function readBlock(
  block: Uint8Array,
  room: { take(bytes: number): boolean },
  window: TimeWindow,
  tenant: TenantSeries,
): Outcome<IngestBatch> {
  const plain = decodeSnappy(block, METRIC_LIMITS.foreignBytes, room);
  if (!plain.ok) return plain;
  const batch = new IngestBatch(tenant);
  try {
    readWriteRequest(plain.value, window, tenant.labels, batch);
    return accept(batch);
  } catch (error) {
    if (error instanceof TooManySamples) return refuse("payload-too-large", tooManySamples());
    if (!(error instanceof MalformedProtobuf)) throw error;
    return refuse("invalid-body", `The body is not a ${MESSAGE}: ${error.message}.`);
  }
}
