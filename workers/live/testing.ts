import { createExecutionContext, env } from "cloudflare:test";
import type { KeyCreate } from "../../contract/access.ts";
import type { Scope } from "../../contract/permissions.ts";
import type { ServerFrame } from "../../contract/live.ts";
import type { OperatorPrincipal } from "../../contract/principal.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { EdgeEnv } from "../env.ts";
import { type AppDeps, createApp } from "../http/app.ts";
import { tenantOf } from "../http/objects.ts";
import { edgeEnv } from "../http/testing.ts";
import { registerConnectRoutes } from "./connect.ts";
import { registerTicketRoutes } from "./tickets.ts";

export const META: CallMeta = { requestId: "test", actor: "system", actorName: "test" };
export const ORIGIN = "https://meridian.test";

export interface LiveTenant {
  readonly tenantId: string;
  /** Makes a key and answers its text. */
  key(...scopes: Scope[]): Promise<{ id: string; text: string }>;
  /** One that ends. */
  keyUntil(expiresAt: number, ...scopes: Scope[]): Promise<{ id: string; text: string }>;
}

export async function makeTenant(tenantId: string): Promise<LiveTenant> {
  await env.DB.prepare("INSERT INTO identity_organization (id, name, slug, created_at) VALUES (?1, ?1, ?1, 0)").bind(tenantId).run();
  const tenant = tenantOf({ env: edgeEnv, principal: { tenantId } });
  const created = await tenant.create({ slug: tenantId, name: tenantId, plan: "free" }, META);
  if (!created.ok) throw new Error(created.problem.detail);
  const make = async (input: KeyCreate): Promise<{ id: string; text: string }> => {
    const key = await tenant.createKey(input, META);
    if (!key.ok) throw new Error(key.problem.detail);
    return { id: key.value.id, text: key.value.secret };
  };
  return {
    tenantId,
    key: async (...scopes) => await make({ name: "test", scopes }),
    keyUntil: async (expiresAt, ...scopes) => await make({ name: "test", scopes, expiresAt: new Date(expiresAt).toISOString() }),
  };
}

/** A viewer of the tenant `lv-edge`, as a session would prove. */
export const operator: OperatorPrincipal = {
  kind: "operator",
  tenantId: "lv-edge",
  userId: "u1",
  sessionId: "s1",
  email: "a@example.com",
  name: "Ada",
  role: "viewer",
  deploymentAdmin: false,
};

/** Asks the live routes as a client would. What they leave running goes on: sockets live longer than their request. */
export function liveApp(
  deps: Partial<AppDeps> = {},
  changed: Partial<EdgeEnv> = {},
): (path: string, init?: RequestInit) => Promise<Response> {
  const app = createApp({ log: () => {}, ...deps });
  registerTicketRoutes(app);
  registerConnectRoutes(app);
  const bindings = { ...edgeEnv, PUBLIC_URL: ORIGIN, ...changed };
  return async (path, init = {}) => await app.fetch(new Request(new URL(path, ORIGIN), init), bindings, createExecutionContext());
}

/** What a ticket is made with outside of a request. */
export const SCENE = { env: edgeEnv, ctx: { waitUntil: (): void => {} } };

export const UPGRADE = { upgrade: "websocket" };

const open = new Set<WebSocket>();

/** Ends what a test left open: objects that are reset under a socket complain loudly. */
export function closeAll(): void {
  for (const socket of open) socket.close(1000, "the test is over");
  open.clear();
}

/** A client's end of a socket. */
export class Client {
  readonly socket: WebSocket;
  readonly heard: string[] = [];
  closed: number | undefined;
  #wake: (() => void)[] = [];

  constructor(response: Response) {
    if (!response.webSocket) throw new Error(`no socket but ${response.status}`);
    this.socket = response.webSocket;
    this.socket.addEventListener("message", ({ data }) => {
      this.heard.push(String(data));
      this.#rouse();
    });
    this.socket.addEventListener("close", ({ code }) => {
      this.closed = code;
      open.delete(this.socket);
      this.#rouse();
    });
    this.socket.accept();
    open.add(this.socket);
  }

  say(frame: object): void {
    this.socket.send(JSON.stringify({ v: 1, ...frame }));
  }

  async next(): Promise<ServerFrame> {
    for (;;) {
      const text = this.heard.shift();
      if (text !== undefined) return JSON.parse(text) as ServerFrame; // what our own hub sends
      if (this.closed !== undefined) throw new Error(`closed with ${this.closed}`);
      await this.#news();
    }
  }

  async closeCode(): Promise<number> {
    while (this.closed === undefined) await this.#news();
    return this.closed;
  }

  async #news(): Promise<void> {
    await new Promise<void>((done) => this.#wake.push(done));
  }

  #rouse(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
