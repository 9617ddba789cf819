import { join } from "node:path";
import { pinBlobs, type PinnedBlobs } from "./blobs.ts";
import { PinnedDatabase } from "./pinned.ts";
import { isBlobIndex } from "./state-files.ts";

// Loaded by the process that starts fast and keeps its priority: built-in modules only.

export interface PinnedPath {
  readonly path: string;
  readonly blobs: PinnedBlobs["blobs"];
}

/** What touches the databases of a running server. */
export interface Copier {
  /** Pins these databases, in this order, one right after the other; answers those that are there, with their blobs held in the work folder. */
  pin(state: string, work: string, paths: readonly string[]): Promise<readonly PinnedPath[]>;
  /** Writes a pinned database into a file and lets go of it. */
  copy(path: string, to: string): Promise<void>;
  /** Lets go of everything. */
  end(): void;
}

export class LocalCopier implements Copier {
  readonly #pinned = new Map<string, PinnedDatabase>();

  pin(state: string, work: string, paths: readonly string[]): Promise<readonly PinnedPath[]> {
    return Promise.resolve(paths.flatMap((path, at) => this.#pin(state, path, join(work, `blobs-${at}`))));
  }

  async copy(path: string, to: string): Promise<void> {
    const database = this.#pinned.get(path);
    if (!database) throw new Error(`${path} is not pinned`);
    await database.copyTo(to);
    database.release();
    this.#pinned.delete(path);
  }

  end(): void {
    for (const database of this.#pinned.values()) database.release();
    this.#pinned.clear();
  }

  #pin(state: string, path: string, holding: string): PinnedPath[] {
    if (isBlobIndex(path)) {
      const both = pinBlobs(state, path, holding);
      if (!both) return [];
      this.#pinned.set(path, both.index);
      return [{ path, blobs: both.blobs }];
    }
    const database = PinnedDatabase.pin(join(state, path));
    if (!database) return [];
    this.#pinned.set(path, database);
    return [{ path, blobs: [] }];
  }
}
