import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

/** After a refusal the focus goes to the first field that is marked, so that it is in sight and can be typed into. */
export function useFocusWrong(form: RefObject<HTMLFormElement | null>, failure: unknown): void {
  useEffect(() => {
    if (failure !== undefined) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [failure]);
}
