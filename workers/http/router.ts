import { RegExpRouter } from "hono/router/reg-exp-router";
import { SmartRouter } from "hono/router/smart-router";
import { TrieRouter } from "hono/router/trie-router";
import { getPath, tryDecodeURIComponent } from "hono/utils/url";

/** What serves a path, and what stood in the path where its pattern has a name. */
export interface Match<T> {
  readonly served: T;
  /** Decoded. */
  readonly params: Readonly<Record<string, string>>;
}

/**
 * Hono's own routers, without its middleware and context. Patterns are like `/v1/keys/{keyId}`: a name takes one segment that is not
 * empty, a last segment `*` the whole rest, or nothing. Where two patterns meet on one path, the first one serves it.
 */
export class Router<T> {
  readonly #router = new SmartRouter<T>({ routers: [new RegExpRouter(), new TrieRouter()] });

  /** All before the first match. @param method in upper case */
  add(method: string, pattern: string, served: T): void {
    this.#router.add(method, pattern.replaceAll(/\{(\w+)\}/g, ":$1"), served);
  }

  /** @param path as {@link pathOf} has it */
  match(method: string, path: string): Match<T> | undefined {
    const [matches, stash] = this.#router.match(method, path);
    const first = matches[0];
    if (!first) return undefined;
    const [served, named] = first;
    const params: Record<string, string> = {};
    for (const [name, value] of Object.entries(named)) {
      // Of a router that stashes values, names stand for places there.
      const text = typeof value === "number" ? stash?.[value] : value;
      if (text !== undefined) params[name] = text.includes("%") ? tryDecodeURIComponent(text) : text;
    }
    return { served, params };
  }
}

/**
 * The path of a URL as routes are matched: percent-encoding undone but for what would look like the path's own signs, nothing normalised.
 * @param url of a request, absolute
 */
export function pathOf(url: string): string {
  if (url.includes("%")) return getPath({ url } as Request); // of a request it looks at the URL only
  const start = url.indexOf("/", url.indexOf(":") + 4);
  const end = url.slice(start).search(/[?#]/);
  return end < 0 ? url.slice(start) : url.slice(start, start + end);
}
