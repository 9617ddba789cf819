import { describe, expect, it } from "vitest";
import { arrowFaults, importsOf } from "./arrows.ts";

describe("arrows between folders", () => {
  it("[SC1] refuses cloudflare:workers in core", () => {
    expect(arrowFaults({ path: "core/observe/a.ts", text: 'import { DurableObject } from "cloudflare:workers";' })).toHaveLength(1);
  });

  it("[SC1] refuses an import against an arrow, types included, and accepts one along it", () => {
    expect(arrowFaults({ path: "workers/control/a.ts", text: 'import type { X } from "../../core/gcra.ts";' })).toHaveLength(1);
    expect(arrowFaults({ path: "contract/a.ts", text: 'export { x } from "../sdk/client.ts";' })).toHaveLength(1);
    expect(arrowFaults({ path: "sdk/a.ts", text: 'const m = await import("../core/gcra.ts");' })).toHaveLength(1);
    expect(arrowFaults({ path: "durable-objects/live/a.ts", text: 'import { x } from "../../core/live/b.ts";' })).toEqual([]);
    expect(arrowFaults({ path: "web/a.tsx", text: 'import { y } from "../sdk/client.ts";' })).toEqual([]);
  });

  it("[SC1] refuses a plane that imports another plane, and lets it use shared folders", () => {
    expect(arrowFaults({ path: "core/observe/a.ts", text: 'import { x } from "../live/b.ts";' })).toHaveLength(1);
    expect(arrowFaults({ path: "durable-objects/live/a.ts", text: 'import { x } from "../kit/object-kit.ts";' })).toEqual([]);
  });

  it("[SC1] lets only the platform script import both sides", () => {
    const text = 'export { Hub } from "../durable-objects/index.ts";';
    expect(arrowFaults({ path: "workers/platform.ts", text })).toEqual([]);
    expect(arrowFaults({ path: "workers/index.ts", text })).toHaveLength(1);
  });

  it("[SC1] sees every form of import", () => {
    const text =
      'import "./a.ts";\nimport b, { c } from "./b.ts";\nexport * as d from "./d.ts";\nconst e = () => import("./e.ts");\nimport {\n  f,\n} from "./f.ts";';
    expect(importsOf(text).sort()).toEqual(["./a.ts", "./b.ts", "./d.ts", "./e.ts", "./f.ts"]);
  });
});
