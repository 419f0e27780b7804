// SQLite in memory for one service: it holds real state and leaves nothing behind. Knows no table.
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';

/** One row of an answer, columns by name. */
export type Row = Readonly<Record<string, SQLOutputValue>>;

/** An empty in-memory database with the schema applied. */
export function openDatabase(schema: string): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  database.exec(`PRAGMA foreign_keys = ON; ${schema}`);
  return database;
}

/** Runs `work` in one transaction; rolls back and rethrows when it throws. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

/** A text column; a wrong type is our own bug and throws. */
export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new Error(`column ${column} is not text`);
  return value;
}

/** A numeric column; a wrong type is our own bug and throws. */
export function numberOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw new Error(`column ${column} is not a number`);
  return value;
}
