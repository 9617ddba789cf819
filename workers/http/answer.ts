import { DATA_HEADERS } from "./security-headers.ts";

/**
 * An answer as data. Headers that are all known when a Response is made cost a fraction of those that are changed on it afterwards, so
 * what is answered often is kept like this until its way out.
 */
export class DataAnswer {
  readonly status: number;
  /** JSON, or null for none. */
  readonly text: string | null;
  /** Beside those that every answer of data has; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(text: string | null, status = 200, headers: Readonly<Record<string, string>> = {}) {
    this.text = text;
    this.status = status;
    this.headers = headers;
  }

  toResponse(): Response {
    const response = new Response(this.text, { status: this.status, headers: DATA_HEADERS });
    for (const name in this.headers) response.headers.set(name, this.headers[name] ?? "");
    return response;
  }
}
