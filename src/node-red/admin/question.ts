/** What an admin route is asked, and what it may answer beside JSON. */
import type { Red } from '../runner/red';

/** One request to an admin route. */
export interface AdminQuestion {
  red: Red;
  params: Readonly<Record<string, string | undefined>>;
  query: Readonly<Record<string, unknown>>;
  /** Of the reader; undefined where none is named. */
  language: string | undefined;
  /** What was sent, which may be large. */
  body: AsyncIterable<Uint8Array>;
}

/** A file; what cannot be read at all rejects at its first piece, before anything is sent. */
export interface Download {
  contentType: string;
  name: string;
  pieces: AsyncGenerator<string | Uint8Array, void>;
}
