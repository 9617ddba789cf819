import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { BackupError } from "./backup-error.ts";

const demoSchema = z.object({ email: z.string(), password: z.string() });
const problemSchema = z.object({ detail: z.string() });

/** An operator's session with a deployment. */
export class ApiSession {
  readonly #url: string;
  #cookie: string;

  private constructor(url: string, cookie: string) {
    this.#url = url;
    this.#cookie = cookie;
  }

  /**
   * Signs in: with the variables MERIDIAN_EMAIL and MERIDIAN_PASSWORD, or MERIDIAN_SESSION (the Cookie header of a browser, for
   * accounts with a second factor), else as the demo's operator of the state folder. @throws BackupError
   */
  static async open(url: string, state: string, env: Readonly<Record<string, string | undefined>>): Promise<ApiSession> {
    const session = new ApiSession(url, env["MERIDIAN_SESSION"] ?? "");
    if (session.#cookie !== "") return session;
    const answer = await session.send("POST", "/v1/auth/sign-in/email", credentialsOf(state, env));
    if (answer.status !== 200) throw new BackupError(`Signing in at ${url} was refused: ${await detailOf(answer)}`);
    session.#cookie = answer.headers
      .getSetCookie()
      .map((line) => line.split(";", 1)[0])
      .join("; ");
    if (!/session/.test(session.#cookie))
      throw new BackupError("This account has a second factor: put the Cookie header of a signed-in browser into MERIDIAN_SESSION.");
    return session;
  }

  /** JSON of an answer. @throws BackupError with the problem's words when it is a refusal */
  async json<T>(schema: z.ZodType<T>, method: string, path: string, body?: unknown): Promise<T> {
    return schema.parse(await (await this.do(method, path, body)).json());
  }

  /** @throws BackupError with the problem's words when it is a refusal */
  async do(method: string, path: string, body?: unknown): Promise<Response> {
    const answer = await this.send(method, path, body);
    if (!answer.ok) throw new BackupError(`${method} ${path} was refused: ${await detailOf(answer)}`);
    return answer;
  }

  async send(method: string, path: string, body?: unknown): Promise<Response> {
    const headers = {
      origin: this.#url,
      ...(this.#cookie === "" ? {} : { cookie: this.#cookie }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    try {
      return await fetch(`${this.#url}${path}`, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
    } catch (error) {
      throw new BackupError(`${this.#url} cannot be reached: ${error instanceof Error ? error.message : String(error)}.`);
    }
  }
}

function credentialsOf(state: string, env: Readonly<Record<string, string | undefined>>): { email: string; password: string } {
  const [email, password] = [env["MERIDIAN_EMAIL"], env["MERIDIAN_PASSWORD"]];
  if (email && password) return { email, password };
  const file = join(state, "demo.json");
  if (existsSync(file)) return demoSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  throw new BackupError("Who are you? Set MERIDIAN_EMAIL and MERIDIAN_PASSWORD, or MERIDIAN_SESSION.");
}

async function detailOf(answer: Response): Promise<string> {
  const problem = problemSchema.safeParse(await answer.json().catch(() => undefined)); // not JSON: the status says enough
  return problem.success ? problem.data.detail : `status ${answer.status}`;
}
