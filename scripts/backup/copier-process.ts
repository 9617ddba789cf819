import { join } from "node:path";
import { pinBlobs } from "./blobs.ts";
import type { CopierOrder, PinnedPath } from "./copier.ts";
import { PinnedDatabase } from "./pinned.ts";
import { isBlobIndex } from "./state-files.ts";

// Ends with the process that started it, however that ends; SQLite's locks end with it.
process.once("disconnect", () => process.exit(0));

const pinned = new Map<string, PinnedDatabase>();

process.on("message", (message) => {
  const order = message as CopierOrder; // sent by copier.ts of the same release
  void carryOut(order).then(
    (done) => process.send?.({ done }),
    (error: unknown) => process.send?.({ failed: error instanceof Error ? error.message : String(error) }),
  );
});

async function carryOut(order: CopierOrder): Promise<unknown> {
  switch (order.order) {
    case "pin":
      return order.paths.flatMap((path, at) => pin(order.state, path, join(order.work, `blobs-${at}`)));
    case "copy":
      await pinned.get(order.path)?.copyTo(order.to);
      pinned.get(order.path)?.release();
      return null;
  }
}

function pin(state: string, path: string, holding: string): PinnedPath[] {
  if (isBlobIndex(path)) {
    const both = pinBlobs(state, path, holding);
    if (!both) return [];
    pinned.set(path, both.index);
    return [{ path, blobs: both.blobs }];
  }
  const database = PinnedDatabase.pin(join(state, path));
  if (!database) return [];
  pinned.set(path, database);
  return [{ path, blobs: [] }];
}
