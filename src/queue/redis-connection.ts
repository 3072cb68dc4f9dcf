/** A connection to Redis that is made again when it breaks or answers no more: a command gets its answer, or an error in time. */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { CERTIFICATE_REFUSALS } from '../contract/certificates';
import { cancelled, type ErrorCode, VerifyError } from '../contract/errors';
import { pause, type WaitOptions, withTimeout } from '../contract/wait';

/** Then a connection that seems to be there is given up. */
const ATTEMPT_MS = 5_000;
const TRY_AGAIN_MS = 50;
/** Of a slow line, 2 Mbit/s: what is large may take longer than an attempt otherwise does. */
const BYTES_A_MS = 250;
/** Node.js keeps a list of timers for each duration, so that many durations are slow. */
const STEP_MS = 1_000;

/** Node.js looks a module up again at each `import`. */
let loaded: Pick<typeof import('ioredis'), 'Redis'> | undefined;

/**
 * KEYS: the sign of the secret; the mark of this data set; a key to try commands on. ARGV: what the sign has to be; a
 * new mark; commands to try. Returns the sign and the mark. Where a command is refused for lack of rights, so is this;
 * in a full Redis only what is written fails.
 */
const CHECK = `
for index = 3, #ARGV do
  local words = { }
  for word in string.gmatch(ARGV[index], '%S+') do words[#words + 1] = word end
  table.insert(words, 2, KEYS[3])
  local answer = redis.pcall(unpack(words))
  local failure = type(answer) == 'table' and answer.err or ''
  if string.find(failure, 'no permissions') or string.find(failure, "can't run this command") then
    redis.pcall('DEL', KEYS[3])
    return redis.error_reply("NOPERM the user may not run the '" .. string.lower(words[1]) .. "' command")
  end
end
local function keep(key, value)
  local kept = redis.call('GET', key)
  if not kept then redis.call('SET', key, value) end
  return kept or value
end
return { keep(KEYS[1], ARGV[1]), keep(KEYS[2], ARGV[2]) }`;

/** What BullMQ's scripts do with keys, from reading to deleting: a user who lacks one would fail in the middle of a job. */
const NEEDED = [
  ...['DEL', 'EXISTS', 'TYPE', 'GET', 'SET v', 'GETEX EX 1', 'INCR', 'PEXPIRE 1000', 'PTTL'],
  ...['HSET f v', 'HMSET f v', 'HGET f', 'HMGET f', 'HGETALL', 'HINCRBY f 1', 'HEXISTS f', 'HDEL f'],
  ...['LPUSH v', 'RPUSH v', 'LLEN', 'LRANGE 0 0', 'LINDEX 0', 'LPOS v', 'LREM 0 v', 'LTRIM 0 0', 'RPOP'],
  ...['ZADD 0 m', 'ZSCORE m', 'ZCARD', 'ZRANGE 0 0', 'ZRANGEBYSCORE 0 0', 'ZPOPMIN', 'ZREM m'],
  ...['SADD m', 'SCARD', 'SREM m', 'XADD * f v', 'XTRIM MAXLEN 0', 'DEL'],
];

/** By Redis' own word, or by the code of the connection, what waiting does not mend; anything else may pass. */
const REFUSALS: Readonly<Record<string, { problem: string; code: ErrorCode }>> = {
  NOAUTH: { problem: 'queue-refused', code: 'CONFIG' },
  WRONGPASS: { problem: 'queue-refused', code: 'CONFIG' },
  NOPERM: { problem: 'queue-refused', code: 'CONFIG' },
  ERR: { problem: 'queue-refused', code: 'CONFIG' },
  DATABASE: { problem: 'queue-database', code: 'CONFIG' },
  MOVED: { problem: 'queue-moved', code: 'CONFIG' },
  OOM: { problem: 'queue-full', code: 'OVERLOADED' },
  ...Object.fromEntries(
    CERTIFICATE_REFUSALS.map((code) => [code, { problem: 'queue-certificate', code: 'CONFIG' as const }]),
  ),
};

/**
 * `away` when it begins, `back` when it is over; `forgetful`: Redis may lose what it was given, `code` says by which
 * setting; `emptied`: Redis has lost what it was given, by FLUSHALL or by a restart without its data; `deaf`: it
 * refuses to report the ends of jobs.
 */
export type RedisNotice = 'away' | 'back' | 'forgetful' | 'emptied' | 'deaf';

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

interface RedisConnectionOptions {
  server: RedisServer;
  /** Of all keys that are this queue's. */
  prefix: string;
  /** @returns a digest that differs for another secret and reveals nothing of it */
  sign(): Promise<string>;
  notify(notice: RedisNotice, code: string): void;
}

export class RedisConnection {
  readonly #options: RedisConnectionOptions;
  #connecting: Promise<Redis> | null = null;
  #redis: Redis | null = null;
  /** Whether this Redis, since it was connected to, is one that knows our secret. */
  #checked: Promise<void> | null = null;
  /** Set once the connection has been checked, until `checkAgain`: commands then wait for no check. */
  #ready: Redis | null = null;
  /** Whether its user may do what a queue needs, since it was connected to. */
  #isPermitted = false;
  /** On the clock of `performance.now()`; null while Redis answers. */
  #awaySince: number | null = null;
  #awayCode = '';
  #failure = 'ECONNREFUSED';
  /** When all that is large has been sent, on the clock of `performance.now()`: all use one connection. */
  #sentAt = 0;
  #isForgetfulSaid = false;
  /** Of the data that this Redis had when it was last checked. */
  #mark: string | null = null;
  #isClosed = false;

  /** Connects at first use. */
  constructor(options: RedisConnectionOptions) {
    this.#options = options;
  }

  /**
   * Repeats the work until Redis answers.
   * @throws VerifyError NETWORK once Redis was away for as long as somebody waits, CONFIG, OVERLOADED where it is full,
   * or CANCELLED
   */
  async do<Value>(work: (redis: Redis) => Promise<Value>, options: WaitOptions): Promise<Value> {
    const { cancel, bytes = 0 } = options;
    // Not part of the time for which Redis is waited for: a busy disk may need longer.
    if (!loaded) await loadRedis();
    const arrived = performance.now();
    this.#sentAt = Math.max(this.#sentAt, arrived) + bytes / BYTES_A_MS;
    const timeoutMs = options.timeoutMs + (bytes && this.#sentAt - arrived);
    for (;;) {
      const began = performance.now();
      const leftNow = () => timeoutMs - (performance.now() - Math.max(arrived, this.#awaySince ?? began));
      const sendingMs = Math.max(0, this.#sentAt - began);
      const longestMs = ATTEMPT_MS + Math.ceil(sendingMs / STEP_MS) * STEP_MS;
      const attemptMs = timeoutMs === 0 ? longestMs : Math.min(longestMs, Math.max(leftNow(), TRY_AGAIN_MS));
      try {
        if (this.#isClosed) throw cancelled();
        const attempt = this.#ready ? work(this.#ready) : this.#connected().then(work);
        const value = await withTimeout(attempt, { timeoutMs: attemptMs, cancel }, timedOut);
        if (this.#awaySince !== null) {
          this.#awaySince = null;
          this.#options.notify('back', '');
        }
        return value;
      } catch (error) {
        if (error instanceof VerifyError) throw error;
        const code = this.#codeOf(error);
        const refusal = refusalOf(error, code);
        if (refusal) throw refusal;
        this.#awayCode = code;
        if (code === 'ETIMEDOUT' && attemptMs === longestMs) this.#redis?.disconnect(true);
        if (this.#awaySince === null) {
          this.#awaySince = began;
          this.#options.notify('away', code);
        }
        if (leftNow() <= 0) throw this.#away(options.timeoutMs);
        await pause(Math.min(TRY_AGAIN_MS, leftNow()), cancel);
      }
    }
  }

  #away(timeoutMs: number): VerifyError {
    const seconds = Math.round(timeoutMs / 100) / 10;
    return new VerifyError('NETWORK', 'queue-away', { seconds, code: this.#awayCode }, { charged: false });
  }

  /** Checks before the next command that this Redis still has its data: FLUSHALL breaks no connection. */
  checkAgain(): void {
    this.#checked = null;
    this.#ready = null;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#redis?.disconnect();
  }

  async #connected(): Promise<Redis> {
    this.#connecting ??= this.#connect();
    const redis = await this.#connecting;
    this.#checked ??= this.#check(redis);
    const checked = this.#checked;
    await checked.catch((error) => {
      this.#checked = null;
      throw error;
    });
    if (this.#checked === checked) this.#ready = redis;
    return redis;
  }

  async #connect(): Promise<Redis> {
    const { Redis } = await loadRedis();
    if (this.#isClosed) throw cancelled();
    const redis = new Redis({
      ...this.#options.server.options,
      lazyConnect: true,
      // A command is sent at once or fails: nobody may wait for it any more once Redis is back.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: ATTEMPT_MS,
      retryStrategy: (times) => Math.min(times * TRY_AGAIN_MS, 1_000),
      reconnectOnError: (error) => wordOf(error) === 'READONLY',
    });
    this.#redis = redis;
    writeTogether(redis);
    redis.on('connect', () => {
      this.#failure = 'ECONNRESET';
    });
    redis.on('error', (error) => {
      this.#failure = wordOf(error);
    });
    redis.on('close', () => {
      this.checkAgain();
      this.#isPermitted = false;
    });
    await redis.connect().catch(() => {});
    return redis;
  }

  /** @throws VerifyError CONFIG where this Redis was used under another secret, whose keys would not be known again */
  async #check(redis: Redis): Promise<void> {
    // ioredis goes on with database 0 where the one that was asked for is not there.
    if (this.#failure === 'DATABASE') throw errorFor('DATABASE');
    const { prefix } = this.#options;
    const sign = await this.#options.sign();
    const keys = ['secret', 'mark', 'try'].map((name) => `${prefix}:${name}`);
    const trials = this.#isPermitted ? [] : NEEDED;
    const answer = await redis.eval(CHECK, keys.length, ...keys, sign, randomUUID(), ...trials);
    const [kept, mark] = answer as [string, string];
    this.#isPermitted = true;
    if (kept !== sign) throw new VerifyError('CONFIG', 'queue-secret-differs', {}, { charged: false });
    if (this.#mark !== null && this.#mark !== mark) this.#options.notify('emptied', '');
    this.#mark = mark;
    if (this.#isForgetfulSaid) return;
    // A user may lack the right to INFO.
    const info = await redis.info().catch(() => '');
    const isEvicting = /^maxmemory:[1-9]/m.test(info) && !/^maxmemory_policy:noeviction/m.test(info);
    const settings = [/^aof_enabled:0/m.test(info) ? 'appendonly' : '', isEvicting ? 'maxmemory-policy' : ''];
    const code = settings.filter(Boolean).join(', ');
    this.#isForgetfulSaid = true;
    if (code) this.#options.notify('forgetful', code);
  }

  /** What a command says while there is no connection is less than what the connection said. */
  #codeOf(error: unknown): string {
    const word = wordOf(error);
    return word === 'Error' ? this.#failure : word;
  }
}

/**
 * Sends the commands of one turn of the event loop in one write, which costs both processes less than many.
 * @param redis whose commands do not block
 */
export function writeTogether(redis: Redis): void {
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (command, given) => {
    const { stream } = redis;
    if (stream?.writableCorked === 0) {
      stream.cork();
      setImmediate(() => stream.uncork());
    }
    return send(command, given);
  };
}

/**
 * @param word of the error, where something else knows it better
 * @returns the error to raise where Redis refused what only its operator can change; null for any other error
 */
export function refusalOf(error: unknown, word = wordOf(error)): VerifyError | null {
  if (!Object.hasOwn(REFUSALS, word)) return null;
  const { message } = error as Error;
  const what = /'([a-z|]+)' command/.exec(message) ?? /^MOVED \d+ (\S+)/.exec(message);
  return errorFor(word, what?.[1]);
}

/** @param what it was about: a command, or the address of another node */
function errorFor(word: string, what?: string): VerifyError {
  const { problem, code } = REFUSALS[word]!;
  return new VerifyError(code, problem, { code: what ? `${word} ${what}` : word }, { charged: false });
}

/** @throws VerifyError CONFIG where it is not installed */
export async function loadRedis(): Promise<NonNullable<typeof loaded>> {
  loaded ??= await import('ioredis').catch(() => {
    throw new VerifyError('CONFIG', 'ioredis-missing', {}, { charged: false });
  });
  return loaded;
}

/** Never shown: its code is. */
function timedOut(): Error {
  return Object.assign(new Error('No answer'), { code: 'ETIMEDOUT' });
}

/** @returns the code of an error of the network, or the word with which Redis begins what it refuses */
function wordOf(error: unknown): string {
  if (!(error instanceof Error)) return 'Error';
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error.name !== 'ReplyError') return 'Error';
  if (/DB index|SELECT is not allowed/.test(error.message)) return 'DATABASE';
  return /^[A-Z]+/.exec(error.message)?.[0] ?? 'ERR';
}
