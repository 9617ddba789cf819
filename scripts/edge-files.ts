import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "./lib/project.ts";

/**
 * Writes what the edge serves as files beside the console: the API description, whose making takes an isolate too long,
 * and the headers of files that are served before the Worker is asked.
 */
interface Edge {
  readonly app: unknown;
  readonly buildOpenApi: (app: unknown) => unknown;
  readonly assetHeadersFile: () => string;
  readonly OPENAPI_FILE: string;
}

/** By address: the edge's sources have the types of another runtime, and scripts are checked against Node's. */
async function load(path: string): Promise<Partial<Edge>> {
  return (await import(pathToFileURL(join(ROOT, path)).href)) as Partial<Edge>; // the names below are checked to be there
}

const modules = ["workers/edge.ts", "workers/http/openapi.ts", "workers/http/security-headers.ts", "workers/platform-routes/openapi.ts"];
const { app, buildOpenApi, assetHeadersFile, OPENAPI_FILE }: Partial<Edge> = Object.assign({}, ...(await Promise.all(modules.map(load))));
if (!app || !buildOpenApi || !assetHeadersFile || !OPENAPI_FILE) throw new Error("the edge does not export what its files are made of");

const target = join(ROOT, "dist/web");
const openapi = join(target, OPENAPI_FILE);
mkdirSync(dirname(openapi), { recursive: true });
writeFileSync(openapi, JSON.stringify(buildOpenApi(app)));
writeFileSync(join(target, "_headers"), assetHeadersFile());
