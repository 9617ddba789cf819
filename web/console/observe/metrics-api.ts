import type { Cardinality, LabelList, MetricNames, Rejected, SeriesList, Storage } from "../../../contract/metric-catalog.ts";
import type { Matcher } from "../../../contract/metric-query.ts";
import type { MetricSettings, MetricSettingsView } from "../../../contract/metric-settings.ts";
import { api } from "../api.ts";

/** What narrows a question about what there is. */
export interface CatalogQuestion {
  readonly metric?: string | undefined;
  readonly match?: readonly Matcher[] | undefined;
  readonly search?: string | undefined;
  readonly limit?: number | undefined;
}

function queryOf({ metric, match, search, limit }: CatalogQuestion) {
  return {
    metric: metric === "" ? undefined : metric,
    match: match && match.length > 0 ? JSON.stringify(match) : undefined,
    search: search === "" ? undefined : search,
    limit,
  };
}

/** What there is to be asked about, and how it is kept: the routes beside queries. */
export const metricsApi = {
  names: async (question: CatalogQuestion, signal?: AbortSignal): Promise<MetricNames> =>
    await api.request("GET", "/v1/metrics/names", { query: queryOf(question), options: { signal } }),
  series: async (question: CatalogQuestion, signal?: AbortSignal): Promise<SeriesList> =>
    await api.request("GET", "/v1/metrics/series", { query: queryOf(question), options: { signal } }),
  labels: async (question: CatalogQuestion, signal?: AbortSignal): Promise<LabelList> =>
    await api.request("GET", "/v1/metrics/labels", { query: queryOf(question), options: { signal } }),
  values: async (label: string, question: CatalogQuestion, signal?: AbortSignal): Promise<LabelList> =>
    await api.request("GET", `/v1/metrics/labels/${encodeURIComponent(label)}/values`, { query: queryOf(question), options: { signal } }),
  cardinality: async (signal?: AbortSignal): Promise<Cardinality> =>
    await api.request("GET", "/v1/metrics/cardinality", { options: { signal } }),
  storage: async (signal?: AbortSignal): Promise<Storage> => await api.request("GET", "/v1/metrics/storage", { options: { signal } }),
  rejected: async (signal?: AbortSignal): Promise<Rejected> => await api.request("GET", "/v1/metrics/rejected", { options: { signal } }),
  deleteSeries: async (question: CatalogQuestion): Promise<{ deleted: number }> =>
    await api.request("DELETE", "/v1/metrics/series", { query: queryOf(question) }),
  settings: async (signal?: AbortSignal): Promise<MetricSettingsView> =>
    await api.request("GET", "/v1/metrics/settings", { options: { signal } }),
  putSettings: async (settings: MetricSettings): Promise<MetricSettingsView> =>
    await api.request("PUT", "/v1/metrics/settings", { body: settings }),
};
