import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { listFiles, ROOT } from "../lib/project.ts";
import type { Check } from "./check.ts";

/** Which layers a layer may import (DESIGN section 2). A layer may always import itself. */
export const ARROWS: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  core: ["contract"],
  "durable-objects": ["core", "contract"],
  workers: ["contract"],
  sdk: ["contract"],
  web: ["sdk", "contract"],
};

const PLANES = ["observe", "live", "work", "deliver", "control", "apps"];
const LAYERED = ["core", "durable-objects", "workers"];
const IMPORT = /(?:^|\n)\s*(?:import|export)\s(?:[^"';]*?\sfrom\s)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/g;

export interface SourceFile {
  /** Relative to the project, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** Module specifiers that a source imports, types included. */
export function importsOf(text: string): string[] {
  return [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? "");
}

/** What is wrong with one file's imports. Tests may import any layer, since they prove how layers meet. */
export function arrowFaults({ path, text }: SourceFile): string[] {
  const [layer = "", plane = ""] = path.split("/");
  const allowed = ARROWS[layer];
  if (!allowed || /\.test\.tsx?$/.test(path)) return [];
  const faults: string[] = [];
  for (const specifier of importsOf(text)) {
    if (specifier.startsWith("cloudflare:") && (layer === "core" || layer === "contract" || layer === "sdk" || layer === "web"))
      faults.push(`${path} imports ${specifier}: ${layer}/ runs anywhere, so it may not know Cloudflare`);
    if (!specifier.startsWith(".")) continue;
    const [targetLayer = "", targetPlane = ""] = normalize(join(dirname(path), specifier)).split("/");
    if (targetLayer !== layer && !allowed.includes(targetLayer) && path !== "workers/platform.ts")
      faults.push(`${path} imports ${specifier}: ${layer}/ may import only ${[layer, ...allowed].join(", ")}`);
    if (LAYERED.includes(layer) && PLANES.includes(plane) && PLANES.includes(targetPlane) && plane !== targetPlane)
      faults.push(`${path} imports ${specifier}: planes never import each other; go through contract/`);
  }
  return faults;
}

export const arrows: Check = {
  name: "arrows",
  run: () =>
    listFiles(...Object.keys(ARROWS))
      .filter((path) => /\.tsx?$/.test(path))
      .flatMap((path) => arrowFaults({ path, text: readFileSync(join(ROOT, path), "utf8") })),
};
