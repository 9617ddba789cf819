import type { Thing } from "../../contract/grants.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";

/** What has to be done so that a thing is, or is no longer, marked as public. Asking for what is already so changes nothing. */
export function decideMark(isMarked: boolean, isPublic: boolean, marks: number): Outcome<"mark" | "unmark" | "nothing"> {
  if (isMarked === isPublic) return accept("nothing");
  if (!isPublic) return accept("unmark");
  if (marks < SUBJECT_LIMITS.publicThings) return accept("mark");
  return refuse(
    "limit-reached",
    `A tenant has at most ${SUBJECT_LIMITS.publicThings} public marks; mark a prefix such as "shop_*", or take one away first.`,
  );
}

/** What the audit log and events call it. */
export function publicName({ kind, name }: Thing): string {
  return `public/${kind}/${name}`;
}
