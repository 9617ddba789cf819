import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import type { TimeWindow } from "../../contract/metric-samples.ts";
import type { IngestBatch } from "./ingest-batch.ts";

/** The request holds more than one may. */
export class TooManySamples extends Error {}

/** New series of one request, at about 400 bytes of memory each; its histograms could be many more. */
const MAX_NEW_SERIES = 60_000;
/** Samples that a request's histograms may become: those of a default sender, 2,000 with 160 buckets each. */
const MAX_MADE = 10 * METRIC_LIMITS.foreignSamples;

/** What the reading of a request keeps between its series. */
export class RequestState {
  readonly window: TimeWindow;
  readonly batch: IngestBatch;
  /** How many samples and histograms were met. */
  index = 0;
  readonly #knownBefore: number;
  #made = 0;

  constructor(window: TimeWindow, batch: IngestBatch) {
    this.window = window;
    this.batch = batch;
    this.#knownBefore = batch.tenant.size;
  }

  /** The place of the next sample or histogram. @throws TooManySamples */
  nextIndex(): number {
    if (this.index >= METRIC_LIMITS.foreignSamples) throw new TooManySamples();
    return this.index++;
  }

  /** Notes that a histogram became so many samples. @throws TooManySamples */
  made(samples: number): void {
    this.#made += samples;
    if (this.#made > MAX_MADE || this.batch.tenant.size - this.#knownBefore > MAX_NEW_SERIES) throw new TooManySamples();
  }
}
