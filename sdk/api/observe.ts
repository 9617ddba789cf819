import type { z } from "zod";
import type { Host } from "../../contract/hosts.ts";
import type { metricQuerySchema, MetricQueryReply } from "../../contract/metric-query.ts";
import type { ingestBodySchema, IngestReply } from "../../contract/metrics.ts";
import type { Page } from "../../contract/pages.ts";
import type { Call, CallOptions } from "../transport.ts";
import { listing, type PageQuery } from "../pages.ts";
import { metricCatalogApi } from "./metric-catalog.ts";

export type IngestInput = z.input<typeof ingestBodySchema>;
/** A query as written: what has a default may be left out. Times are RFC 3339. */
export type MetricQueryInput = z.input<typeof metricQuerySchema>;

/** Samples and the questions about them. */
export function metricsApi(call: Call) {
  return {
    ...metricCatalogApi(call),
    /**
     * Sends samples, gzip. A batch that is sent twice within 10 minutes (by `batchId`, else by content) is stored once, so this repeats by
     * itself. Bad samples do not fail the call: they come back by index in `rejected`.
     */
    ingest: (input: IngestInput, options?: CallOptions) =>
      call<IngestReply>("POST", "/v1/metrics/ingest", { body: input, gzip: true, repeat: "safe", options }),
    query: (query: MetricQueryInput, options?: CallOptions) =>
      call<MetricQueryReply>("POST", "/v1/metrics/query", { body: query, repeat: "safe", options }),
  };
}

/** Hosts as cards: state, newest figures and the last five minutes. */
export function hostsApi(call: Call) {
  return {
    list: (page?: PageQuery, options?: CallOptions): Promise<Page<Host>> => listing<Host>(call, "/v1/hosts", page, options),
    get: (host: string, options?: CallOptions) => call<Host>("GET", `/v1/hosts/${encodeURIComponent(host)}`, { options }),
  };
}
