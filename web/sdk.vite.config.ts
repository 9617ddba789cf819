import { defineConfig } from "vite";

const ENTRIES: Readonly<Record<string, string>> = { user: "user.ts", room: "open-room.ts" };

/**
 * What pages that are not ours load, each as one module under a stable address: the end user's client at `/sdk/user.js` and a room's at
 * `/sdk/room.js`, by `--mode`. Two builds, so that neither needs a part of the other that a cache may have of another release.
 */
export default defineConfig(({ mode }) => ({
  root: import.meta.dirname,
  publicDir: false,
  build: {
    outDir: "../dist/web/sdk",
    emptyOutDir: mode === "user",
    target: "es2023",
    lib: { entry: `${import.meta.dirname}/../sdk/${ENTRIES[mode] ?? ""}`, formats: ["es"], fileName: mode },
  },
}));
