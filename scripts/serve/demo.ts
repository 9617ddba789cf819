import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { keyCreatedSchema } from "../../contract/access.ts";
import { SCOPES } from "../../contract/permissions.ts";
import { FIRST_SETTINGS, type TenantSettings } from "../../contract/settings.ts";

/** Who owns the demo tenant; also this deployment's admin. */
export const DEMO_EMAIL = "demo@meridian.localhost";

const demoSchema = z.object({
  url: z.string(),
  email: z.string(),
  password: z.string(),
  /** Every scope: for scripts, tests and newcomers. */
  apiKey: z.string(),
  /** What the host agent of this machine sends with, so that it can be revoked by itself. */
  agentKey: z.string(),
});
export type Demo = z.infer<typeof demoSchema>;

/**
 * Makes the demo tenant through the public API, as a first operator would: sign up, create two keys, open the door to end users. What it made is left in
 * `demo.json`, readable by its owner only; a later start finds it there and changes only the address. One that was ended in
 * between finds the password in `demo.begun.json` and goes on from there.
 * @throws with the server's answer when the deployment already has an operator that is not the demo's
 */
export async function seedDemo(url: string, stateFolder: string): Promise<Demo> {
  const file = join(stateFolder, "demo.json");
  if (existsSync(file)) {
    const demo = { ...demoSchema.parse(JSON.parse(readFileSync(file, "utf8"))), url };
    save(file, demo);
    return demo;
  }
  const begun = join(stateFolder, "demo.begun.json");
  const known = existsSync(begun) ? begunSchema.safeParse(readJson(begun)).data : undefined;
  const password = known?.password ?? randomBytes(9).toString("base64url");
  // Before there is an account: nobody could open it otherwise, and sign-up is closed once there is one.
  if (!known) save(begun, { password });
  const signedIn = known && (await tryPost(url, "/v1/auth/sign-in/email", { email: DEMO_EMAIL, password }));
  const operator =
    signedIn ?? (await post(url, "/v1/auth/sign-up/email", { name: "Demo Operator", email: DEMO_EMAIL, password, tenantName: "Demo" }));
  const cookie = operator.headers
    .getSetCookie()
    .map((line) => line.split(";", 1)[0])
    .join("; ");
  // Completes a tenant whose object was never told of it.
  if (signedIn) await fetch(`${url}/v1/me`, { headers: { cookie } });
  const createKey = async (name: string, scopes: readonly string[]): Promise<string> => {
    const answer = await post(url, "/v1/keys", { name, scopes }, cookie);
    return keyCreatedSchema.parse(await answer.json()).secret;
  };
  await openDoor(url, cookie);
  const demo: Demo = {
    url,
    email: DEMO_EMAIL,
    password,
    apiKey: await createKey("demo admin", SCOPES),
    agentKey: await createKey("host agent of this machine", ["metrics:write", "agents:connect"]),
  };
  save(file, demo);
  rmSync(begun, { force: true });
  return demo;
}

/** What the demo's end users find at its door: accounts, guests, a public metric, some for those who have signed in, and boards to climb. */
const DEMO_SETTINGS: TenantSettings = {
  ...FIRST_SETTINGS,
  defaultGrants: [
    { kind: "metrics", name: "host_memory_*", actions: ["read"] },
    { kind: "board", name: "*", actions: ["read", "submit"] },
    { kind: "room", name: "*", actions: ["read", "write", "create"] },
    { kind: "topic", name: "topic/*", actions: ["read", "publish"] },
  ],
  hostedAccounts: { enabled: true, guests: true, mailWebhookUrl: null },
};
const DEMO_PUBLIC = ["metrics/host_cpu_used_ratio", "board/arcade", "board/deathmatch", "board/capture-the-flag", "board/raid"];

/** The board of the arcade's own game: twenty seconds a run, and hardly anybody reacts faster than its highest score. */
const ARCADE_BOARD = {
  title: "Reaction",
  rules: [{ type: "run" }, { type: "interval", minMs: 5_000 }, { type: "max-score", max: 8_000 }, { type: "points-per-second", max: 300 }],
  rewards: [{ window: "daily", reward: "quickest-of-the-day", ranks: { from: 1, to: 3 } }],
};

/** May be repeated: a start that ended in between does it again. */
async function openDoor(url: string, cookie: string): Promise<void> {
  await put(url, "/v1/tenant/settings", DEMO_SETTINGS, cookie);
  await post(url, "/v1/leaderboard-document/apply", { document: { boards: { arcade: ARCADE_BOARD } } }, cookie);
  for (const thing of DEMO_PUBLIC) await put(url, `/v1/public/${thing}`, undefined, cookie);
}

const begunSchema = z.object({ password: z.string() });

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined; // cut short, so nothing was done with it yet
  }
}

function save(file: string, content: Demo | z.infer<typeof begunSchema>): void {
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
}

async function send(url: string, path: string, body: unknown, cookie?: string, method = "POST"): Promise<Response> {
  return await fetch(`${url}${path}`, {
    method,
    headers: { "content-type": "application/json", origin: url, ...(cookie ? { cookie } : {}) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function tryPost(url: string, path: string, body: unknown): Promise<Response | undefined> {
  const response = await send(url, path, body);
  return response.ok ? response : undefined;
}

async function post(url: string, path: string, body: unknown, cookie?: string): Promise<Response> {
  return await succeed("POST", path, await send(url, path, body, cookie));
}

async function put(url: string, path: string, body: unknown, cookie: string): Promise<void> {
  await succeed("PUT", path, await send(url, path, body, cookie, "PUT"));
}

async function succeed(method: string, path: string, response: Response): Promise<Response> {
  if (response.ok) return response;
  throw new Error(
    `The demo tenant could not be made: ${method} ${path} answered ${response.status}: ${await response.text()}. Start with --no-demo, or with --fresh to begin anew.`,
  );
}
