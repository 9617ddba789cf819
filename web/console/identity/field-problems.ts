import type { FieldError } from "../../../contract/problems.ts";

/**
 * What the server says about a part of a form: of the part itself, and of what lies within it, with where.
 * @param words what stands at a place within the part, such as a line's own text
 */
export function problemsUnder(
  errors: readonly FieldError[],
  pointer: string,
  words: (place: string) => string = (place) => place.replaceAll("/", " "),
): string | undefined {
  const found = errors.flatMap((error) => {
    if (error.pointer === pointer) return [error.detail];
    return error.pointer.startsWith(`${pointer}/`) ? [`${words(error.pointer.slice(pointer.length + 1))}: ${error.detail}`] : [];
  });
  return found.length === 0 ? undefined : found.join("; ");
}

/** What belongs to no part of the form. */
export function otherProblems(errors: readonly FieldError[], pointers: readonly string[]): readonly FieldError[] {
  return errors.filter((error) => !pointers.some((pointer) => error.pointer === pointer || error.pointer.startsWith(`${pointer}/`)));
}
