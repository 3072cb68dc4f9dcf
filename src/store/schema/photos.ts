import type { ColumnTypes } from './columns';

/** @returns the statements that make the tables of src/photos */
export function photosTables({ text, integer }: ColumnTypes): string[] {
  return [
    // Photos that came before: digests of what a photo has in common with its copies, and of the photo itself; the
    // number of the copy; when it came, how long after the copy before it, and when it is forgotten.
    `CREATE TABLE seen (
      identity_digest ${text} NOT NULL, copy_number ${integer} NOT NULL, photo_digest ${text} NOT NULL UNIQUE,
      came_at ${integer} NOT NULL, gap ${integer}, delete_at ${integer} NOT NULL,
      PRIMARY KEY (identity_digest, copy_number))`,
    'CREATE INDEX seen_came_at ON seen (came_at)',
    'CREATE INDEX seen_delete_at ON seen (delete_at)',
    // Photos that a store holds: the store's node, where the object is (null: a file of this Node-RED), when it was put
    // and is deleted, when it is deleted once more because its upload may have been late, and what became of attempts.
    `CREATE TABLE stored_photos (
      id ${text} PRIMARY KEY NOT NULL, node ${text} NOT NULL, url ${text}, region ${text}, content_type ${text} NOT NULL,
      bytes ${integer} NOT NULL, put_at ${integer} NOT NULL, delete_at ${integer} NOT NULL, redelete_at ${integer},
      retry_at ${integer} NOT NULL DEFAULT 0, attempts ${integer} NOT NULL DEFAULT 0, failing_since ${integer})`,
    'CREATE INDEX stored_photos_node ON stored_photos (node, delete_at)',
  ];
}
