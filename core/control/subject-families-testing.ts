import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";

interface Handle {
  readonly parent: Handle | undefined;
  readonly children: Handle[];
  usedAt: number | undefined;
}

/** What a family of refresh handles must answer, told from its whole history: every handle that ever was, and when it was used. */
export class FamilyOracle {
  readonly #handles = new Map<string, Handle>();
  #last: Handle | undefined;
  #dead = false;

  constructor(first: string) {
    this.#handles.set(first, { parent: undefined, children: [], usedAt: undefined });
  }

  get dead(): boolean {
    return this.#dead;
  }

  present(secret: string, next: string, now: number): "traded" | "replayed" | "unknown" {
    const handle = this.#handles.get(secret);
    if (this.#dead || !handle) return "unknown";
    if (!this.#mayTrade(handle, now)) {
      this.#dead = true;
      return "replayed";
    }
    if (handle.usedAt === undefined) {
      handle.usedAt = now;
      this.#last = handle;
    }
    const child: Handle = { parent: handle, children: [], usedAt: undefined };
    handle.children.push(child);
    this.#handles.set(next, child);
    return "traded";
  }

  #mayTrade(handle: Handle, now: number): boolean {
    if (handle.usedAt === undefined) return handle.parent === undefined || handle.parent.children.every((one) => one.usedAt === undefined);
    const untouched = handle.children.length === 1 && handle.children[0]?.usedAt === undefined;
    return handle === this.#last && untouched && now - handle.usedAt <= SUBJECT_LIMITS.refreshGraceMs;
  }
}
