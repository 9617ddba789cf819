/** One request as the fake saw it. */
export interface Seen {
  readonly url: string;
  readonly init: RequestInit;
  readonly headers: Headers;
}

type Answer = Response | Error | ((seen: Seen) => Response | Promise<Response>);

/** A `fetch` that answers from a list, the last answer for ever, and remembers what it was asked. */
export function fakeFetch(...answers: Answer[]): { fetch: (url: string, init: RequestInit) => Promise<Response>; seen: Seen[] } {
  const seen: Seen[] = [];
  return {
    seen,
    fetch: async (url, init) => {
      const one = { url, init, headers: new Headers(init.headers) };
      const answer = answers[Math.min(seen.push(one), answers.length) - 1];
      if (answer instanceof Error) throw answer;
      if (typeof answer === "function") return await answer(one);
      return answer?.clone() ?? new Response(null, { status: 204 });
    },
  };
}

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json", ...headers } });
}

export function problem(status: number, slug: string, more: Record<string, unknown> = {}, headers: Record<string, string> = {}): Response {
  return json(
    { type: `/problems/${slug}`, title: "title", status, detail: `detail of ${slug}`, requestId: "req-1", ...more },
    status,
    headers,
  );
}

/** An answer that comes only when the request is aborted. */
export function hanging(seen: Seen): Promise<Response> {
  return new Promise((_, fail) => {
    seen.init.signal?.addEventListener("abort", () => fail(new DOMException("aborted", "AbortError")));
  });
}
