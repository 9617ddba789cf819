import type { MeridianError } from "../../sdk/errors.ts";
import { type Failure, ErrorState } from "../ui/states.tsx";

/** A client error in the words of a page. */
export function failureOf(error: MeridianError, title: string): Failure & { forbidden: boolean } {
  return { title, detail: error.detail, requestId: error.requestId, forbidden: error.status === 403 };
}

/** What stands in the page's place when its first read failed. */
export function PageError({ failure, onRetry }: { failure: ReturnType<typeof failureOf>; onRetry: () => void }) {
  // The console believed that the role allows it: it was changed meanwhile, and trying again changes nothing.
  if (failure.forbidden) return <ErrorState failure={{ ...failure, title: "Your role no longer shows this" }} />;
  return <ErrorState failure={failure} onRetry={onRetry} />;
}
