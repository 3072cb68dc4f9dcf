/** A connection to Redis that comes back, and is given up when it is dead: whoever asks for something gets it, or an error in time. */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { Cancel } from '../contract/cancel';
import { VerifyError } from '../contract/errors';
import { cancelled, type Patience, patiently, pause } from './patience';

/** Then a connection that seems to be there is given up. */
const ATTEMPT_MS = 5_000;
const TRY_AGAIN_MS = 50;

/**
 * KEYS: the sign of the secret; the mark of this data set. ARGV: what the sign has to be; a new mark.
 * Returns whether the sign is right, and the mark.
 */
const CHECK = `
redis.call('SETNX', KEYS[1], ARGV[1])
redis.call('SETNX', KEYS[2], ARGV[2])
return { redis.call('GET', KEYS[1]) == ARGV[1] and 1 or 0, redis.call('GET', KEYS[2]) }`;

/** Redis' own words for what only its operator can change; anything else may pass. */
const REFUSALS: ReadonlySet<string> = new Set(['NOAUTH', 'WRONGPASS', 'NOPERM', 'ERR']);

/**
 * `away` when it begins, `back` when it is over; `forgetful`: Redis may lose what it was given, `code` says by which
 * setting; `emptied`: Redis has lost what it was given, by FLUSHALL or by a restart without its data; `deaf`: it
 * refuses to report the ends of jobs.
 */
export type RedisTrouble = 'away' | 'back' | 'forgetful' | 'emptied' | 'deaf';

/** A Redis, as it is connected to. */
export interface RedisServer {
  /** Host and port, which may be shown. */
  place: string;
  options: {
    host: string;
    port: number;
    /** 0: whatever address its name has. */
    family: 0;
    db: number;
    username?: string;
    password?: string;
    tls?: object;
  };
}

/** What may be wrong with a Redis. */
export interface RedisProblems {
  refused(code: string): VerifyError;
  /** For who has waited so long. */
  away(seconds: number, code: string): VerifyError;
  secretDiffers(): VerifyError;
}

export interface RedisConnectionOptions {
  server: RedisServer;
  /** In the words of whose connection it is. */
  problems: RedisProblems;
  /** Where Redis keeps what tells our secret from another. */
  signKey: string;
  /** Where Redis keeps a random mark, which is gone when its data is gone. */
  markKey: string;
  /** @returns what has to stand there */
  sign(): Promise<string>;
  told(trouble: RedisTrouble, code: string): void;
}

export class RedisConnection {
  readonly #options: RedisConnectionOptions;
  #connecting: Promise<Redis> | null = null;
  /** Whether this Redis, since it was connected to, is one that knows our secret. */
  #checked: Promise<void> | null = null;
  /** On the clock of `performance.now()`; null while Redis answers. */
  #awaySince: number | null = null;
  #awayCode = '';
  #failure = 'ECONNREFUSED';
  #isForgetfulTold = false;
  /** Of the data that this Redis had when it was last checked. */
  #mark: string | null = null;
  #isClosed = false;

  /** Connects at first use. */
  constructor(options: RedisConnectionOptions) {
    this.#options = options;
  }

  /**
   * Tries it until Redis answers.
   * @throws VerifyError NETWORK once Redis was away for as long as somebody waits, CONFIG, or CANCELLED
   */
  async do<Value>(work: (redis: Redis) => Promise<Value>, patience: Patience): Promise<Value> {
    const { timeoutMs, cancel } = patience;
    const arrived = performance.now();
    for (;;) {
      const began = performance.now();
      const leftNow = () => timeoutMs - (performance.now() - Math.max(arrived, this.#awaySince ?? began));
      const attemptMs =
        timeoutMs === 0 ? ATTEMPT_MS : Math.min(ATTEMPT_MS, Math.max(leftNow(), TRY_AGAIN_MS));
      try {
        if (this.#isClosed) throw cancelled();
        const attempt = this.#connected().then(work);
        const value = await patiently(attempt, { timeoutMs: attemptMs, cancel }, timedOut);
        if (this.#awaySince !== null) {
          this.#awaySince = null;
          this.#options.told('back', '');
        }
        return value;
      } catch (error) {
        if (error instanceof VerifyError) throw error;
        const code = this.#codeOf(error);
        if (REFUSALS.has(code)) throw this.#options.problems.refused(refusalOf(error) ?? code);
        this.#awayCode = code;
        if (code === 'ETIMEDOUT' && attemptMs === ATTEMPT_MS) await this.#giveUpConnection();
        if (this.#awaySince === null) {
          this.#awaySince = began;
          this.#options.told('away', code);
        }
        if (leftNow() <= 0) throw this.away(patience);
        await pause(Math.min(TRY_AGAIN_MS, leftNow()), cancel);
      }
    }
  }

  async #giveUpConnection(): Promise<void> {
    const redis = await this.#connecting;
    if (redis?.status === 'ready') redis.disconnect(true);
  }

  /** @returns the error for somebody who has waited for so long */
  away({ timeoutMs }: Patience): VerifyError {
    const seconds = Math.round(timeoutMs / 100) / 10;
    return this.#options.problems.away(seconds, this.#awayCode);
  }

  /** Checks before the next command that this Redis still has its data: FLUSHALL breaks no connection. */
  checkAgain(): void {
    this.#checked = null;
  }

  /** @param last is done before, where there is a connection */
  async close(last: (redis: Redis) => Promise<unknown>): Promise<void> {
    if (this.#connecting) await this.do(last, { timeoutMs: 0, cancel: new Cancel() }).catch(() => {});
    this.#isClosed = true;
    (await this.#connecting?.catch(() => null))?.disconnect();
  }

  async #connected(): Promise<Redis> {
    this.#connecting ??= this.#connect();
    // What is missing now may be there later.
    const redis = await this.#connecting.catch((error) => {
      this.#connecting = null;
      throw error;
    });
    this.#checked ??= this.#check(redis);
    await this.#checked.catch((error) => {
      this.#checked = null;
      throw error;
    });
    return redis;
  }

  async #connect(): Promise<Redis> {
    const { Redis } = await import('ioredis').catch(() => {
      throw new VerifyError('CONFIG', 'ioredis-missing', {}, { charged: false });
    });
    const redis = new Redis({
      ...this.#options.server.options,
      lazyConnect: true,
      // Nothing is sent later than somebody waits for it.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: ATTEMPT_MS,
      // A server that takes a connection and says nothing is given up, too.
      socketTimeout: ATTEMPT_MS,
      retryStrategy: (times) => Math.min(times * TRY_AGAIN_MS, 1_000),
      reconnectOnError: (error) => wordOf(error) === 'READONLY',
    });
    redis.on('error', (error) => {
      this.#failure = wordOf(error);
    });
    redis.on('close', () => {
      this.#checked = null;
    });
    await redis.connect().catch(() => {});
    return redis;
  }

  /** @throws VerifyError CONFIG where this Redis was used under another secret, whose keys would not be known again */
  async #check(redis: Redis): Promise<void> {
    const sign = await this.#options.sign();
    const { signKey, markKey } = this.#options;
    const [isRight, mark] = (await redis.eval(CHECK, 2, signKey, markKey, sign, randomUUID())) as [
      number,
      string,
    ];
    if (isRight !== 1) throw this.#options.problems.secretDiffers();
    if (this.#mark !== null && this.#mark !== mark) this.#options.told('emptied', '');
    this.#mark = mark;
    if (this.#isForgetfulTold) return;
    // Not everybody may ask.
    const info = await redis.info().catch(() => '');
    const isEvicting = /^maxmemory:[1-9]/m.test(info) && !/^maxmemory_policy:noeviction/m.test(info);
    const settings = [/^aof_enabled:0/m.test(info) ? 'appendonly' : '', isEvicting ? 'maxmemory-policy' : ''];
    const code = settings.filter(Boolean).join(', ');
    this.#isForgetfulTold = true;
    if (code) this.#options.told('forgetful', code);
  }

  /** What a command says while there is no connection is less than what the connection said. */
  #codeOf(error: unknown): string {
    const word = wordOf(error);
    return word === 'Error' ? this.#failure : word;
  }
}

/** @returns with which word, and for which command, Redis refused what only its operator can change; null for any other error */
export function refusalOf(error: unknown): string | null {
  const word = wordOf(error);
  if (!REFUSALS.has(word)) return null;
  const command = /'([a-z|]+)' command/.exec((error as Error).message)?.[1];
  return command ? `${word} ${command}` : word;
}

/** Not for anybody to see. */
function timedOut(): Error {
  return Object.assign(new Error('No answer'), { code: 'ETIMEDOUT' });
}

/** @returns the code of an error of the network, or the word with which Redis begins what it refuses */
function wordOf(error: unknown): string {
  if (!(error instanceof Error)) return 'Error';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.name === 'ReplyError' ? (/^[A-Z]+/.exec(error.message)?.[0] ?? 'ERR') : 'Error';
}
