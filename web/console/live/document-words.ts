import type { DocumentInput } from "../../../sdk/api/leaderboards.ts";

/** A written document, or why it is none; what stands in it is for the server to check. */
export function readDocument(text: string): { document: DocumentInput } | { wrong: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (failure) {
    return { wrong: `This is no JSON: ${failure instanceof Error ? failure.message : String(failure)}` };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { wrong: "Write an object with boards and modes." };
  return { document: value as DocumentInput }; // an object; the server names whatever does not belong
}
