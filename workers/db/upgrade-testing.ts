import { applyD1Migrations, type D1Migration } from "cloudflare:test";

/** Statements that put representative rows in place, by the name of the migration after which they can be written. */
export type Fixtures = Readonly<Record<string, readonly string[]>>;

/**
 * Applies the real migration files one by one, with rows in the tables between them, as a deployment that has been in use
 * meets them. A migration that cannot cope with rows fails here and not at somebody's upgrade.
 * @throws when a migration or a fixture fails, or a fixture names no migration
 */
export async function upgradeWithRows(db: D1Database, migrations: readonly D1Migration[], fixtures: Fixtures): Promise<void> {
  const unknown = Object.keys(fixtures).filter((name) => !migrations.some((migration) => migration.name === name));
  if (unknown.length > 0) throw new Error(`fixtures for migrations that do not exist: ${unknown.join(", ")}`);
  for (const [i, { name }] of migrations.entries()) {
    await applyD1Migrations(db, migrations.slice(0, i + 1));
    for (const statement of fixtures[name] ?? []) await db.prepare(statement).run();
  }
}
