/** One parameter of a query string, or the fallback when it is absent or empty. */
export function readQuery(search: string, name: string, fallback = ""): string {
  return new URLSearchParams(search).get(name) || fallback;
}

/** The query string with some parameters changed; `null` or an empty text removes one. Sorted, so that equal states have equal addresses. */
export function withQuery(search: string, changes: Readonly<Record<string, string | null>>): string {
  const params = new URLSearchParams(search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") params.delete(name);
    else params.set(name, value);
  }
  params.sort();
  const text = params.toString();
  return text ? `?${text}` : "";
}

/** One value out of a closed set; anything else in the address is the fallback. */
export function readChoice<T extends string>(search: string, name: string, choices: readonly T[], fallback: T): T {
  const value = readQuery(search, name);
  return choices.find((choice) => choice === value) ?? fallback;
}

/** Parameters of a path that fits the pattern (`/console/observe/hosts/:host`), decoded; undefined when it does not fit. */
export function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split("/");
  const parts = path.replace(/\/+$/, "").split("/");
  if (wanted.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, want] of wanted.entries()) {
    const part = parts[i] ?? "";
    if (!want.startsWith(":")) {
      if (want !== part) return undefined;
      continue;
    }
    try {
      params[want.slice(1)] = decodeURIComponent(part);
    } catch {
      return undefined; // a lone % in the address: nothing of ours
    }
    if (part === "") return undefined;
  }
  return params;
}
