import { decodeCursor, encodeCursor } from "../../contract/cursor.ts";
import type { Thing } from "../../contract/grants.ts";
import type { Page } from "../../contract/pages.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { PublicThing } from "../../contract/settings.ts";
import { decideMark, publicName } from "../../core/control/public-things.ts";
import { audited, type TenantChange } from "./tenant-change.ts";
import type { PublicStore } from "./tenant-public.ts";

/** Marks a thing as public, or takes the mark away. What is already so changes nothing. */
export function setPublic(change: TenantChange, thing: Thing, isPublic: boolean, marks: PublicStore): Outcome<null> {
  const decided = decideMark(marks.has(thing), isPublic, marks.count());
  if (decided.ok && decided.value === "nothing") return accept(null);
  return audited(
    change,
    { action: isPublic ? "public.mark" : "public.unmark", target: publicName(thing), detail: {} },
    () => {
      if (!decided.ok) return decided;
      if (isPublic) marks.insert(thing, change.now, change.meta.actor);
      else marks.delete(thing);
      change.advance({ config: true });
      const { kind, name } = thing;
      change.emit({
        type: "meridian.public.changed",
        subject: publicName(thing),
        data: { kind, name, public: isPublic, actor: change.meta.actor },
      });
      return accept(null);
    },
    () => ({}),
  );
}

/** By kind and name. */
export function listPublic(marks: PublicStore, page: { limit: number; cursor?: string }): Outcome<Page<PublicThing>> {
  const after = page.cursor === undefined ? undefined : decodeCursor(page.cursor, ["string", "string"]);
  if (page.cursor !== undefined && !after)
    return refuse("invalid-parameter", "The cursor is not one of this list; leave it out to start at the first.");
  const found = marks.list(page.limit + 1, after && { kind: String(after[0]), name: String(after[1]) });
  const items = found.slice(0, page.limit);
  const last = items.at(-1);
  return accept({ items, nextCursor: found.length > page.limit && last ? encodeCursor([last.kind, last.name]) : null });
}
