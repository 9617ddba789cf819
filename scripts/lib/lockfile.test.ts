import { describe, expect, it } from "vitest";
import { completeLockfile, type Lockfile } from "./lockfile.ts";

describe("the lockfile", () => {
  it("[SC12] gains the platforms that a registry mirror left out, with what npm needs to skip them elsewhere", () => {
    const lock: Lockfile = {
      packages: {
        "": {},
        "node_modules/tool": {
          version: "1.0.0",
          dev: true,
          optionalDependencies: { "@tool/darwin-arm64": "1.0.0", "@tool/linux-x64-musl": "1.0.0", "@tool/linux-x64-gnu": "1.0.0" },
        },
        "node_modules/@tool/linux-x64-gnu": { version: "1.0.0", optional: true },
      },
    };
    expect(completeLockfile(lock)).toEqual(["node_modules/@tool/darwin-arm64", "node_modules/@tool/linux-x64-musl"]);
    expect(lock.packages["node_modules/@tool/darwin-arm64"]).toEqual({
      version: "1.0.0",
      dev: true,
      optional: true,
      os: ["darwin"],
      cpu: ["arm64"],
    });
    expect(lock.packages["node_modules/@tool/linux-x64-musl"]?.libc).toEqual(["musl"]);
    expect(completeLockfile(lock)).toEqual([]);
  });

  it("[SC12] keeps another version of the same package nested, and leaves alone what names no platform or no exact version", () => {
    const lock: Lockfile = {
      packages: {
        "": {},
        "node_modules/@b/darwin-x64": { version: "2.0.0" },
        "node_modules/b": {
          version: "1.0.0",
          optionalDependencies: { "@b/darwin-x64": "1.0.0", fsevents: "2.3.3", "@b/linux-arm64": "^1.0.0" },
        },
      },
    };
    expect(completeLockfile(lock)).toEqual(["node_modules/b/node_modules/@b/darwin-x64"]);
  });
});
