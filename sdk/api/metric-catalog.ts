import type { z } from "zod";
import type {
  Cardinality,
  catalogQuerySchema,
  ExemplarList,
  exemplarsQuerySchema,
  LabelList,
  MetadataList,
  MetricNames,
  Rejected,
  SeriesList,
  Storage,
} from "../../contract/metric-catalog.ts";
import type { matcherSchema } from "../../contract/metric-query.ts";
import type { MetricSettings, MetricSettingsView } from "../../contract/metric-settings.ts";
import type { Call, CallOptions, Method, RequestParts } from "../transport.ts";

type WithMatchers<T> = Partial<Omit<T, "match" | "limit">> & {
  readonly match?: readonly z.input<typeof matcherSchema>[];
  readonly limit?: number;
};
/** What a list is narrowed by; all of it may be left out. */
export type CatalogInput = WithMatchers<z.input<typeof catalogQuerySchema>>;
export type ExemplarsInput = WithMatchers<z.input<typeof exemplarsQuerySchema>>;

/** Settings with the version to send along when they are replaced. */
export type VersionedMetricSettings = MetricSettingsView & { readonly version: string | undefined };

/** What there is: names, series, labels, and how much of it. */
export function metricCatalogApi(call: Call) {
  const read = async <T>(path: string, query: CatalogInput | ExemplarsInput | { readonly limit?: number } = {}, options?: CallOptions) =>
    await call<T>("GET", `/v1/metrics/${path}`, { query: queryOf(query), options });
  const versioned = async (method: Method, parts: RequestParts): Promise<VersionedMetricSettings> => {
    let version: string | undefined;
    // A proxy that compresses calls the tag weak: the bytes are others, the version is the same.
    const onHeaders = (headers: Headers) => (version = headers.get("etag")?.replace(/^W\//, ""));
    const view = await call<MetricSettingsView>(method, "/v1/metrics/settings", { ...parts, onHeaders });
    return { ...view, version };
  };
  return {
    names: (query?: CatalogInput, options?: CallOptions) => read<MetricNames>("names", query, options),
    series: (query?: CatalogInput, options?: CallOptions) => read<SeriesList>("series", query, options),
    labels: (query?: CatalogInput, options?: CallOptions) => read<LabelList>("labels", query, options),
    values: (label: string, query?: CatalogInput, options?: CallOptions) =>
      read<LabelList>(`labels/${encodeURIComponent(label)}/values`, query, options),
    metadata: (query?: Omit<CatalogInput, "match">, options?: CallOptions) => read<MetadataList>("metadata", query, options),
    exemplars: (query?: ExemplarsInput, options?: CallOptions) => read<ExemplarList>("exemplars", query, options),
    cardinality: (query?: { readonly limit?: number }, options?: CallOptions) => read<Cardinality>("cardinality", query, options),
    storage: (options?: CallOptions) => read<Storage>("storage", {}, options),
    rejected: (options?: CallOptions) => read<Rejected>("rejected", {}, options),
    /** Deletes series with all their points: by metric, by matchers, or both. */
    deleteSeries: (which: Pick<CatalogInput, "metric" | "match">, options?: CallOptions) =>
      call<{ deleted: number }>("DELETE", "/v1/metrics/series", { query: queryOf(which), options }),
    settings: (options?: CallOptions) => versioned("GET", { options }),
    /** @param version that `settings` or the last `putSettings` answered; when somebody else has saved since, it is `precondition-failed` */
    putSettings: (settings: MetricSettings, version?: string, options?: CallOptions) =>
      versioned("PUT", { body: settings, ...(version === undefined ? {} : { headers: { "if-match": version } }), options }),
  };
}

function queryOf(query: CatalogInput | ExemplarsInput | { readonly limit?: number }): NonNullable<RequestParts["query"]> {
  const { match, ...rest } = "match" in query ? query : { ...query, match: undefined };
  return match === undefined ? rest : { ...rest, match: JSON.stringify(match) };
}
