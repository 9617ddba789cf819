import { getPath, tryDecodeURIComponent } from "hono/utils/url";

/** What serves a path, and what stood in the path where its pattern has a name. */
export interface Match<T> {
  readonly served: T;
  /** Decoded. */
  readonly params: Readonly<Record<string, string>>;
}

interface Place<T> {
  readonly served: T;
  readonly names: readonly string[];
  /** Of registration: where two patterns meet on one path, the first one serves it. */
  readonly order: number;
}

/** One segment of the patterns, and all that begins with it. */
class Branch<T> {
  readonly fixed = new Map<string, Branch<T>>();
  named: Branch<T> | undefined;
  /** By method. */
  readonly here = new Map<string, Place<T>>();
  /** Of patterns that end in `*`: this path, and whatever stands below it. */
  readonly below = new Map<string, Place<T>>();
}

interface Found<T> {
  place: Place<T> | undefined;
  values: string[];
}

/**
 * Finds what serves a path by walking its segments once. Patterns are like `/v1/keys/{keyId}`: a name takes one segment that is not empty, a
 * last segment `*` the whole rest, or nothing.
 */
export class Router<T> {
  readonly #root = new Branch<T>();
  #added = 0;

  /** @param method in upper case */
  add(method: string, pattern: string, served: T): void {
    const names: string[] = [];
    let branch = this.#root;
    const segments = pattern.slice(1).split("/");
    const rest = segments.at(-1) === "*";
    for (const segment of rest ? segments.slice(0, -1) : segments) {
      const name = /^\{(\w+)\}$/.exec(segment)?.[1];
      let next = name === undefined ? branch.fixed.get(segment) : branch.named;
      if (!next) {
        next = new Branch();
        if (name === undefined) branch.fixed.set(segment, next);
        else branch.named = next;
      }
      if (name !== undefined) names.push(name);
      branch = next;
    }
    const places = rest ? branch.below : branch.here;
    if (!places.has(method)) places.set(method, { served, names, order: this.#added++ });
  }

  /** @param path as {@link pathOf} has it */
  match(method: string, path: string): Match<T> | undefined {
    const found: Found<T> = { place: undefined, values: [] };
    look(this.#root, method, path, 1, [], found);
    if (!found.place) return undefined;
    const params: Record<string, string> = {};
    for (const [at, name] of found.place.names.entries()) params[name] = decoded(found.values[at] ?? "");
    return { served: found.place.served, params };
  }
}

/** @param from where the next segment begins; beyond the path when there is none @param values of the names so far */
function look<T>(branch: Branch<T>, method: string, path: string, from: number, values: string[], found: Found<T>): void {
  offer(branch.below.get(method), values, found);
  if (from > path.length) {
    offer(branch.here.get(method), values, found);
    return;
  }
  const slash = path.indexOf("/", from);
  const end = slash < 0 ? path.length : slash;
  const segment = path.slice(from, end);
  const fixed = branch.fixed.get(segment);
  if (fixed) look(fixed, method, path, end + 1, values, found);
  if (branch.named && segment !== "") {
    values.push(segment);
    look(branch.named, method, path, end + 1, values, found);
    values.pop();
  }
}

function offer<T>(place: Place<T> | undefined, values: readonly string[], found: Found<T>): void {
  if (!place || (found.place && found.place.order < place.order)) return;
  found.place = place;
  found.values = values.slice();
}

function decoded(value: string): string {
  return value.includes("%") ? tryDecodeURIComponent(value) : value;
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
