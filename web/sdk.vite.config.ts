import { defineConfig } from "vite";

/** The end user's client as one module under a stable address, for pages that are not ours: `/sdk/user.js`. */
export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  build: {
    outDir: "../dist/web/sdk",
    emptyOutDir: true,
    target: "es2023",
    lib: { entry: `${import.meta.dirname}/../sdk/user.ts`, formats: ["es"], fileName: "user" },
  },
});
