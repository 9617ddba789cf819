import { serverNow } from "../../lib/clock.ts";
import { formatAge } from "../../lib/format.ts";
import type { MeridianError } from "../../../sdk/errors.ts";
import { Notice } from "../../ui/states.tsx";

/** Above data that could not be read again: why, and how old it is. */
export function StaleNotice({ what, failure, at }: { what: string; failure: MeridianError; at: number }) {
  return (
    <Notice tone="warn">
      {what} could not be refreshed: {failure.detail} What is shown is {formatAge(serverNow() - at)} old.
    </Notice>
  );
}
