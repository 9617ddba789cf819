import { signal } from "@preact/signals";
import { withQuery } from "./url-state.ts";

export interface Place {
  readonly path: string;
  /** With its leading `?`, or empty. */
  readonly search: string;
}

function here(): Place {
  return { path: location.pathname, search: location.search };
}

/** Where the person is. Everything that can be filtered, ranged or selected is read from here, so that Back works. */
export const place = signal<Place>({ path: "/", search: "" });

/**
 * Goes to an address of the console. A selection or a filter being typed replaces, so that Back leaves the page
 * instead of undoing every letter.
 */
export function go(to: string, how: { replace?: boolean } = {}): void {
  const url = new URL(to, location.href);
  if (url.pathname + url.search === place.value.path + place.value.search) return;
  if (how.replace) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
  const moved = url.pathname !== place.value.path;
  place.value = here();
  if (moved && !how.replace) scrollTo(0, 0);
}

/** Changes some parameters of the present address; `null` removes one. */
export function setQuery(changes: Readonly<Record<string, string | null>>, how: { replace?: boolean } = { replace: true }): void {
  go(place.value.path + withQuery(place.value.search, changes), how);
}

/** Starts following the address bar, and turns clicks on links within the console into moves without a page load. */
export function startLocation(): void {
  place.value = here();
  addEventListener("popstate", () => {
    place.value = here();
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (!link.pathname.startsWith("/console")) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
