import { registerIsolateCache } from "../http/isolate-caches.ts";
import { SeriesCache } from "./series-cache.ts";

/** The series this isolate knows. */
export const seriesCache = new SeriesCache();
registerIsolateCache(() => seriesCache.clear());
