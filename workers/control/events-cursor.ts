import { decodeCursor } from "../../contract/cursor.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";

type Shape = readonly ("string" | "number")[];
type Position<S extends Shape> = { [K in keyof S]: S[K] extends "string" ? string : number };

/** The sort key in `?cursor`, undefined for the first page. A cursor names no tenant: the principal does. */
export function readPosition<const S extends Shape>(cursor: string | undefined, shape: S): Outcome<Position<S> | undefined> {
  if (cursor === undefined) return accept(undefined);
  const key = decodeCursor(cursor, shape);
  if (key) return accept(key as Position<S>); // `decodeCursor` has checked each part's type
  const errors = [{ pointer: "?cursor", detail: "Take it from `nextCursor` of the page before, unchanged." }];
  return refuse("invalid-parameter", "The cursor is not one of this list. Leave it out to begin at the first page.", { errors });
}
