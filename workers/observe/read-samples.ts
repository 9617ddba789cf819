import { readBatch, readLines, type TimeWindow } from "../../contract/metric-samples.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { parseJson } from "../http/json.ts";
import type { IngestBatch } from "./ingest-batch.ts";
import { scanBatch } from "./scan-batch.ts";

export type BodyForm = "json" | "lines";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** Reads a whole body into the batch. @returns the client's batch id, if it sent one, or the problem of a body that is no batch */
export function readSamples(
  body: Uint8Array,
  form: BodyForm,
  window: TimeWindow,
  batch: IngestBatch,
): Outcome<{ batchId: string | undefined }> {
  if (form === "lines") {
    try {
      return readLines(decoder.decode(body), window, batch);
    } catch {
      return refuse("invalid-encoding", "The body is not valid UTF-8. Send JSON encoded in UTF-8."); // only decoding throws
    }
  }
  const scanned = scanBatch(body, window, batch.tenant.texts, batch);
  if (scanned) return accept(scanned);
  batch.clear();
  const json = parseJson(body);
  return json.ok ? readBatch(json.value, window, batch) : json;
}
