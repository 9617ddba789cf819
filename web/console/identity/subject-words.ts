import type { SubjectSummary } from "../../../contract/subjects.ts";
import { HOSTED, MINTED } from "../../../contract/subject-id.ts";
import type { Tone } from "../../ui/state-badge.tsx";

/** How an end user came to be one. */
export function originWords({ issuer, guest }: Pick<SubjectSummary, "issuer" | "guest">): string {
  if (guest) return "guest";
  if (issuer === HOSTED) return "hosted account";
  return issuer === MINTED ? "minted by a key" : `issuer ${issuer}`;
}

/** The top line over what is loaded. */
export function subjectsHead(count: number, more: boolean, filtered: boolean): { tone: Tone; headline: string; detail: string } {
  const shown = `${count}${more ? "+" : ""} end user${count === 1 ? "" : "s"}`;
  return {
    tone: "ok",
    headline: filtered ? `${shown} found` : shown,
    detail: "newest first; whoever submits, joins or reads in your product",
  };
}

/** A subject's address in the console; `sub` may hold anything printable. */
export function subjectPath(list: string, { issuer, sub }: Pick<SubjectSummary, "issuer" | "sub">): string {
  return `${list}/${encodeURIComponent(issuer)}/${encodeURIComponent(sub)}`;
}
