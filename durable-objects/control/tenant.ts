import { DurableObject } from "cloudflare:workers";
import type { ObjectsEnv } from "../env.ts";

export class Tenant extends DurableObject<ObjectsEnv> {}
