import type { ColumnTypes } from './columns';

/** @returns the statements that make the tables of src/ledger */
export function ledgerTables({ text, integer, bytes }: ColumnTypes): string[] {
  return [
    // `at`: when it was claimed. `kept_from`: the same, or later where the clock was behind the newest entry.
    // `price`: ten-thousandths of a yuan. `owner`: the process that claimed it.
    `CREATE TABLE entries (
      id ${text} PRIMARY KEY NOT NULL, at ${integer} NOT NULL, kept_from ${integer} NOT NULL, owner ${text} NOT NULL,
      account ${text} NOT NULL, node ${text} NOT NULL, operation ${text} NOT NULL, state ${text} NOT NULL,
      outcome ${text}, reason ${text}, code ${text}, error ${text}, request_id ${text}, order_no ${text},
      charged ${integer}, price ${integer} NOT NULL, duration_ms ${integer},
      consent ${text}, guardian_consent ${text}, purpose ${text})`,
    `CREATE INDEX entries_open ON entries (id) WHERE state IN ('claimed', 'uncertain')`,
    // `freed`: empty while the entry has the key, and the entry's id once it does not have it any more,
    // or where it is only found under it.
    // `part`: keys of one entry that share an answer have the same. `content`: digest of what was asked.
    // `keeps`: 0 where a call with other content may take the key.
    `CREATE TABLE keys (
      digest ${text} NOT NULL, freed ${text} NOT NULL, entry ${text} NOT NULL, part ${integer} NOT NULL,
      content ${text} NOT NULL, keeps ${integer} NOT NULL, answer ${bytes}, PRIMARY KEY (digest, freed))`,
    'CREATE INDEX keys_entry ON keys (entry)',
    // Processes that may have calls under way; `renewed_at`: when it last gave a sign of life, in milliseconds.
    `CREATE TABLE processes (owner ${text} PRIMARY KEY NOT NULL, renewed_at ${integer} NOT NULL)`,
    // What a shared ledger that is away has yet to be given; `location`: digest of where it is.
    `CREATE TABLE outbox (
      id ${text} PRIMARY KEY NOT NULL, location ${text} NOT NULL, put_at ${integer} NOT NULL, sealed ${bytes} NOT NULL)`,
    // `period`: a day, `2026-11-25`, or a month, `2026-11`, in Shanghai.
    `CREATE TABLE spent (
      account ${text} NOT NULL, period ${text} NOT NULL, calls ${integer} NOT NULL, PRIMARY KEY (account, period))`,
  ];
}
