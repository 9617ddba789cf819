import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Miniflare } from "miniflare";
import { unstable_splitSqlQuery } from "wrangler";
import { ROOT } from "../lib/project.ts";

/** Binding of each D1 database and the folder of its migrations, as wrangler.toml has them. */
export const DATABASES = [
  { binding: "DB", folder: "migrations/db" },
  { binding: "HISTORY", folder: "migrations/history" },
] as const;

/**
 * Applies the migrations that a database has not seen, each in one transaction with its own mark, in wrangler's table
 * so that `wrangler d1 migrations` agrees. @returns names of those applied
 */
export async function applyMigrations(miniflare: Miniflare): Promise<string[]> {
  const applied: string[] = [];
  for (const { binding, folder } of DATABASES) {
    const database = await miniflare.getD1Database(binding);
    await database
      .prepare(
        "CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)",
      )
      .run();
    const seen = new Set((await database.prepare("SELECT name FROM d1_migrations").all<{ name: string }>()).results.map((row) => row.name));
    const files = readdirSync(join(ROOT, folder))
      .filter((file) => file.endsWith(".sql"))
      .sort();
    for (const file of files.filter((name) => !seen.has(name))) {
      const statements = unstable_splitSqlQuery(readFileSync(join(ROOT, folder, file), "utf8"));
      await database.batch([
        ...statements.map((statement) => database.prepare(statement)),
        database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(file),
      ]);
      applied.push(`${folder}/${file}`);
    }
  }
  return applied;
}
