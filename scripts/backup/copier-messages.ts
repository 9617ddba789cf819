import type { ChildProcess } from "node:child_process";
import type { Copier, PinnedPath } from "./copier.ts";

// Both ends of the channel between the process that pins and copies and the one that seals. Built-in modules only.

/** Names, for the process that seals, the one that started it. */
export const PARENT_VARIABLE = "MERIDIAN_BACKUP_PARENT";

type Order =
  | { readonly pin: readonly [state: string, work: string, paths: readonly string[]] }
  | { readonly copy: readonly [path: string, to: string] };
type Answer = { readonly done: readonly PinnedPath[] | null } | { readonly failed: string };

/** Carries out what the child asks for, one order after the other. */
export function serveCopier(child: ChildProcess, copier: Copier): void {
  child.on("message", (message) => {
    const order = message as Order; // of our own child, of the same release
    const done = "pin" in order ? copier.pin(...order.pin) : copier.copy(...order.copy).then(() => null);
    done.then(
      (answer) => child.send({ done: answer } satisfies Answer),
      (error: unknown) => child.send({ failed: error instanceof Error ? error.message : String(error) } satisfies Answer),
    );
  });
  child.once("exit", () => copier.end());
}

/** The parent's copier, as this process asks for it. */
export class RemoteCopier implements Copier {
  async pin(state: string, work: string, paths: readonly string[]): Promise<readonly PinnedPath[]> {
    return (await ask({ pin: [state, work, paths] })) ?? [];
  }

  async copy(path: string, to: string): Promise<void> {
    await ask({ copy: [path, to] });
  }

  end(): void {
    // The parent lets go when this process ends.
  }
}

async function ask(order: Order): Promise<readonly PinnedPath[] | null> {
  return await new Promise((resolve, reject) => {
    process.once("message", (message) => {
      const answer = message as Answer; // of our own parent, of the same release
      if ("failed" in answer) reject(new Error(answer.failed));
      else resolve(answer.done);
    });
    process.send?.(order);
  });
}
