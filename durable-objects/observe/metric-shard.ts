import { DurableObject } from "cloudflare:workers";
import type { ObjectsEnv } from "../env.ts";

export class MetricShard extends DurableObject<ObjectsEnv> {}
