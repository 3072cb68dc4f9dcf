/** What the main thread and the thread of the database say to each other. */
import { VerifyError } from '../contract/errors';
import type { FileFault } from './sqlite-fault';

/** A VerifyError, or the name of an operation that failed in a way it should not. */
export interface SentError {
  code: string;
  problem: string;
  values: Record<string, string | number>;
  details: Record<string, unknown>;
}

/** Only our own errors are sent in full: the text of another could hold what was to be written. */
export function sentOf(error: unknown): SentError {
  if (error instanceof VerifyError) {
    const { code, problem, values, details } = error;
    return { code, problem, values, details: { ...details } };
  }
  const { name, code, errcode } = error as Error & { code?: unknown; errcode?: unknown };
  const values = { name: String(name), code: String(errcode ?? code ?? '') };
  return { code: 'PROTOCOL', problem: 'internal', values, details: {} };
}

export function errorOf({ code, problem, values, details }: SentError): VerifyError {
  return new VerifyError(code as VerifyError['code'], problem, values, details);
}

/** What `workerData` holds. */
export interface ThreadOptions {
  file: string;
  mark: string | null;
}

export interface SentRequest {
  operation: string;
  parameters: unknown;
  now: number;
  /** It is kept and sent again while the file cannot be written. */
  isKept: boolean;
}

export type ToThread =
  | {
      kind: 'open';
      /** 32 bytes, or why there are none. */
      secret: Uint8Array | SentError;
      isFirst: boolean;
    }
  | { kind: 'secret'; secret: Uint8Array | SentError }
  /**
   * `requests`: JSON of a list of SentRequest. One text is cloned in a twentieth of the time that a list of objects takes, and
   * no value that cannot be cloned fails the others.
   */
  | {
      kind: 'batch';
      requests: string;
      /** The first batch that is sent after the main thread learnt that one failed: the thread drops those in between, which come again. */
      isAfterFailure: boolean;
    }
  | { kind: 'backup'; id: number; path: string }
  | { kind: 'close' };

/** Of an open file. */
export interface Facts {
  /** The reason why nothing can be sealed or opened. */
  secretProblem: SentError | null;
  isDamaged: boolean;
}

/** Why a file is not open, or a batch was not written. */
export interface Failure {
  fault: FileFault | 'newer-version' | 'no-sqlite';
  code: string;
}

/** How a request ended; `kept` is to be sent again. */
export type SentOutcome =
  | { ended: 'answered'; value: unknown }
  | { ended: 'refused'; value: SentError }
  | { ended: 'kept' };

export type FromThread =
  | {
      kind: 'opened';
      facts: Facts /** It is another file than before, or rows of it were lost. */;
      isNew: boolean;
    }
  | { kind: 'not-opened'; failure: Failure }
  | { kind: 'facts'; facts: Facts }
  /** `outcomes`: JSON of a list of SentOutcome, by request. */
  | {
      kind: 'batch';
      outcomes: string;
      /** Why what is kept was not written. */
      failure: Failure | null;
      /** Something is on disk now that was not before. */
      isWritten: boolean;
    }
  /** What comes next may take long. */
  | { kind: 'repairing' }
  /** The file is not open any more: somebody replaced it, or it is damaged. What was sent last was not written. */
  | { kind: 'reopen' }
  | { kind: 'notice'; notice: string; values: Record<string, string | number> }
  | { kind: 'backup'; id: number; error: SentError | null }
  | { kind: 'closed' };
