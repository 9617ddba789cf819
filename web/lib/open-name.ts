import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

/** The name of what a drawer shows, which the page knows and the header's breadcrumb wants; undefined while it is not known. */
export const openName = signal<string | undefined>(undefined);

/** Tells the breadcrumb the name of what is open on this page. */
export function useOpenName(name: string | undefined): void {
  useEffect(() => {
    openName.value = name;
    return () => (openName.value = undefined);
  }, [name]);
}
