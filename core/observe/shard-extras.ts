import type { BatchView } from "../../contract/metric-batch.ts";
import { readExtras } from "../../contract/metric-extras.ts";
import { ExemplarRing } from "./exemplars.ts";
import type { KeptRows } from "./kept-rows.ts";
import { MetadataTable } from "./metadata.ts";
import { RejectedLog } from "./rejected.ts";
import { SeriesLimits } from "./series-limits.ts";
import type { SeriesTable } from "./series-table.ts";

/**
 * What a shard keeps beside points. What came with batches is durable through their write-ahead rows; `save` packs it into rows of its
 * own before those are written over, and reading both again comes to the same.
 */
export class ShardExtras {
  readonly limits = new SeriesLimits();
  readonly metadata = new MetadataTable();
  readonly exemplars = new ExemplarRing();
  readonly rejected = new RejectedLog();
  readonly #series: SeriesTable;

  constructor(series: SeriesTable) {
    this.#series = series;
  }

  /**
   * Takes what came with a batch, at its commit and when its row is read again. What cannot be read is left out: the samples are good.
   * @param refOf the reference of an entry of the batch's series column, 0 when it was refused
   */
  take(view: BatchView, refOf: (entry: number) => number): void {
    if (view.extras.length === 0) return;
    const { metadata = [], exemplars = [] } = readExtras(view) ?? {};
    for (const one of metadata) this.metadata.put(one);
    for (const one of exemplars) {
      const series = refOf(one.series);
      if (this.#series.slotOf(series) !== undefined) this.exemplars.add({ ...one, series });
    }
  }

  /** Call before write-ahead rows are read. */
  load(rows: KeptRows): void {
    this.limits.load(rows);
    this.metadata.load(rows);
    this.exemplars.load(rows);
    this.rejected.load(rows);
  }

  /** Writes what changed since, at most four rows; within a transaction, before the watermark moves. */
  save(rows: KeptRows, nextRef: number): void {
    this.metadata.prune((metric) => this.#series.hasMetric(metric));
    this.exemplars.prune((ref) => this.#series.slotOf(ref) !== undefined);
    this.limits.save(rows, nextRef);
    this.metadata.save(rows);
    this.exemplars.save(rows);
    this.rejected.save(rows);
  }
}
