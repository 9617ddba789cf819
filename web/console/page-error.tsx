import type { MeridianError } from "../../sdk/errors.ts";
import { type Failure, ErrorState, ForbiddenState } from "../ui/states.tsx";

/** A client error in the words of a page. */
export function failureOf(error: MeridianError, title: string): Failure & { forbidden: boolean } {
  return { title, detail: error.detail, requestId: error.requestId, forbidden: error.status === 403 };
}

/** What stands in the page's place when its first read failed. */
export function PageError({ failure, onRetry }: { failure: ReturnType<typeof failureOf>; onRetry: () => void }) {
  // The roles are the server's business once it refused: a key or a changed role may differ from what the console believes.
  if (failure.forbidden) return <ForbiddenState what="this" roles={["an owner or admin can say"]} />;
  return <ErrorState failure={failure} onRetry={onRetry} />;
}
