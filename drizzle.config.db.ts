import { defineConfig } from "drizzle-kit";

/** `drizzle-kit generate --config drizzle.config.db.ts` writes the next migration of the D1 database `DB`. */
export default defineConfig({
  dialect: "sqlite",
  schema: ["./workers/db/schema.ts", "./workers/db/live-schema.ts"],
  out: "./migrations/db",
  breakpoints: true,
});
