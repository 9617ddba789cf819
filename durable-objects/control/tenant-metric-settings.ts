import * as z from "zod";
import type { MetricSettings } from "../../contract/metric-settings.ts";
import { readMetricSettings } from "../../core/control/metric-settings.ts";

const rowSchema = z.object({ settings: z.string(), version: z.number().int() });

export interface StoredMetricSettings {
  readonly settings: MetricSettings;
  /** What `If-Match` names. */
  readonly version: number;
}

/** How a tenant's metrics are kept. There is no row before the first change. */
export class MetricSettingsStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** @throws when the row cannot be read */
  find(): StoredMetricSettings {
    const [row] = this.#sql.exec("SELECT settings, version FROM tenant_metrics").toArray();
    const stored = row && rowSchema.parse(row);
    return { settings: readMetricSettings(stored?.settings), version: stored?.version ?? 1 };
  }

  put({ settings, version }: StoredMetricSettings): void {
    this.#sql.exec("INSERT OR REPLACE INTO tenant_metrics (one, settings, version) VALUES (1, ?, ?)", JSON.stringify(settings), version);
  }
}
