import { type Signal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { MeridianError } from "../../sdk/errors.ts";
import { paused, serverNow } from "./clock.ts";

export interface Resource<T> {
  /** The last good answer; it stays while a newer one is fetched and when that fails. */
  readonly data: Signal<T | undefined>;
  readonly error: Signal<MeridianError | undefined>;
  readonly loading: Signal<boolean>;
  /** Epoch milliseconds of the last good answer. */
  readonly at: Signal<number>;
  reload(): void;
}

/** Resources on screen, which the header's refresh button reloads. */
const mounted = new Set<() => void>();

export function reloadAll(): void {
  for (const reload of mounted) reload();
}

/** Any failure as the client's error, so that pages have one shape to show. */
export function asError(error: unknown): MeridianError {
  if (error instanceof MeridianError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new MeridianError({ status: 0, slug: "unexpected", detail, cause: error });
}

/**
 * Fetches when the page appears and whenever the key changes; a later answer never loses to an earlier one. The data of
 * another key is dropped.
 * @param everyMs fetch again this often while the page can be seen and is not paused
 */
export function useResource<T>(key: string, load: (signal: AbortSignal) => Promise<T>, everyMs?: number): Resource<T> {
  const made = useMemo(() => {
    const data = signal<T | undefined>(undefined);
    const error = signal<MeridianError | undefined>(undefined);
    const loading = signal(true);
    const at = signal(0);
    const present = { load, abort: new AbortController() };
    const reload = () => {
      present.abort.abort();
      const abort = new AbortController();
      present.abort = abort;
      loading.value = true;
      present.load(abort.signal).then(
        (value) => {
          if (abort.signal.aborted) return;
          data.value = value;
          error.value = undefined;
          at.value = serverNow();
          loading.value = false;
        },
        (failure: unknown) => {
          if (abort.signal.aborted) return; // replaced by a newer fetch, or the page is gone
          error.value = asError(failure);
          loading.value = false;
        },
      );
    };
    return { resource: { data, error, loading, at, reload }, present };
  }, [key]);
  made.present.load = load;

  useEffect(() => {
    const { reload } = made.resource;
    reload();
    mounted.add(reload);
    const timer = everyMs ? setInterval(() => !document.hidden && !paused.peek() && reload(), everyMs) : undefined;
    return () => {
      mounted.delete(reload);
      clearInterval(timer);
      made.present.abort.abort();
    };
  }, [key, everyMs]);

  return made.resource;
}
