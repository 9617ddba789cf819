import type * as z from "zod";

/** JSON in ASCII: the platform stores a character of it in one byte, so that its length is its size. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** What a socket left for the time after a sleep; undefined when the text is not one of this shape. */
export function readAttachment<S extends z.ZodType>(schema: S, text: string): z.output<S> | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // not JSON
  }
}
