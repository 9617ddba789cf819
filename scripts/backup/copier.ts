import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import type { PinnedBlobs } from "./blobs.ts";

const pinnedSchema = z.array(z.object({ path: z.string(), blobs: z.array(z.object({ path: z.string(), held: z.string() })) }));
const answerSchema = z.union([z.object({ done: z.unknown() }), z.object({ failed: z.string() })]);

/** What the copying process is told. */
export type CopierOrder =
  /** Pin these databases, in this order, and answer those that are there, with their blobs held in the work folder. */
  | { readonly order: "pin"; readonly state: string; readonly work: string; readonly paths: readonly string[] }
  /** Write a pinned database into a file and let go of it. */
  | { readonly order: "copy"; readonly path: string; readonly to: string };

export interface PinnedPath {
  readonly path: string;
  readonly blobs: PinnedBlobs["blobs"];
}

/**
 * The process that touches the databases of a running server. To begin a read SQLite takes a lock for an instant, and whoever
 * meets it waits; a process of low priority may be put aside within that instant, and the server with it. So this one keeps
 * the priority it was started with, and what takes long is done by another.
 */
export class Copier {
  readonly #child: ChildProcess;
  #waiting: { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void } | undefined;

  constructor() {
    this.#child = fork(fileURLToPath(new URL("copier-process.ts", import.meta.url)), {
      execArgv: [],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#child.on("message", (message) => {
      const answer = answerSchema.parse(message);
      if ("failed" in answer) this.#waiting?.reject(new Error(answer.failed));
      else this.#waiting?.resolve(answer.done);
    });
    this.#child.once("exit", (code) => this.#waiting?.reject(new Error(`the copying process ended with ${code}`)));
  }

  /** One right after the other: the moments of all lie milliseconds apart. */
  async pin(state: string, work: string, paths: readonly string[]): Promise<readonly PinnedPath[]> {
    return pinnedSchema.parse(await this.#tell({ order: "pin", state, work, paths }));
  }

  async copy(path: string, to: string): Promise<void> {
    await this.#tell({ order: "copy", path, to });
  }

  /** Lets go of everything. */
  end(): void {
    this.#child.removeAllListeners("exit");
    if (this.#child.connected) this.#child.disconnect();
  }

  async #tell(order: CopierOrder): Promise<unknown> {
    return await new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#child.send(order, (error) => {
        if (error) reject(error);
      });
    });
  }
}
