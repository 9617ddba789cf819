import preact from "@preact/preset-vite";
import { defineConfig } from "vite";

/** The console and the apps: one build with an entry per program, into `dist/web`. */
export default defineConfig({
  root: import.meta.dirname,
  base: "/",
  publicDir: false,
  plugins: [preact({ devToolsEnabled: false, reactAliasesEnabled: false })],
  build: {
    outDir: "../dist/web",
    emptyOutDir: true,
    assetsDir: "assets",
    // A data: address would need its own exception in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2023",
    rolldownOptions: {
      input: {
        console: `${import.meta.dirname}/console/index.html`,
        account: `${import.meta.dirname}/play/account/index.html`,
        chat: `${import.meta.dirname}/play/chat/index.html`,
        arcade: `${import.meta.dirname}/play/arcade/index.html`,
      },
    },
  },
});
