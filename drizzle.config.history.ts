import { defineConfig } from "drizzle-kit";

export default defineConfig({ dialect: "sqlite", schema: "./workers/db/history-schema.ts", out: "./migrations/history" });
