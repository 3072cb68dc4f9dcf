/** Messages that no author of a flow makes on purpose, and other nodes make all the same. */
import type { Message } from '../../src/node-red/runner/red';

/** @returns objects and lists, one in the other */
export function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 ? [value] : { a: value };
  return value;
}

export function throwing(): never {
  throw new Error('王小明 11010519491231002X');
}

const detached = () => {
  const bytes = Buffer.from(new ArrayBuffer(8));
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
};

const cyclic = () => {
  const value: Record<string, unknown> = {};
  value.self = value;
  value.list = [value];
  return value;
};

/** What other nodes may put into a message; a new one each time. */
export const ODDITIES: Readonly<Record<string, () => unknown>> = {
  'nested 2,000 deep': () => deep(2_000),
  'nested 20,000 deep': () => deep(20_000),
  cyclic,
  'a getter that throws': () => Object.defineProperty({}, 'name', { get: throwing, enumerable: true }),
  'a Proxy that throws': () =>
    new Proxy({}, { get: throwing, has: throwing, ownKeys: throwing, getOwnPropertyDescriptor: throwing }),
  'a Proxy that was revoked': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  'a detached buffer': detached,
  'a BigInt': () => ({ name: 1n, list: [2n] }),
  'a symbol': () => Symbol('name'),
  'a function': () => throwing,
  'an object without a prototype': () => Object.create(null, { name: { value: 'a', enumerable: true } }),
  'texts where nobody expects them': () => ({ hasOwnProperty: 1, toString: 2, valueOf: 3 }),
  'a thenable that throws': () => Object.fromEntries([['then', throwing]]),
  'a frozen object': () => Object.freeze({ name: 'a', photo: Object.freeze([1, 2, 3]) }),
  'a Map of Sets': () => new Map([['a', new Set([1, new Date(Number.NaN)])]]),
  'a list with holes': () => Array(100_000),
  'a long text': () => '字'.repeat(2_000_000),
  'many keys': () => Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`k${index}`, index])),
  'a class of its own': () =>
    new (class Photo {
      #hidden = 1;
      get name() {
        return this.#hidden;
      }
    })(),
  nothing: () => undefined,
};

/** Where in the message it stands. */
export const PLACES: Readonly<Record<string, (message: Message, odd: unknown) => Message>> = {
  'beside the payload': (message, odd) => Object.assign(message, { extra: odd }),
  'as the payload': (message, odd) => Object.assign(message, { payload: odd }),
  'in the payload': (message, odd) => {
    const { payload } = message;
    const entries = typeof payload === 'object' && payload !== null && !Array.isArray(payload) ? payload : {};
    return Object.assign(message, { payload: { ...entries, photo: odd, data: odd, name: odd } });
  },
  'as an error from before': (message, odd) => Object.assign(message, { error: odd }),
  'as its parts': (message, odd) => Object.assign(message, { parts: odd }),
  'in a frozen message': (message, odd) => Object.freeze(Object.assign(message, { extra: odd })),
  'in a payload that is read-only': (message, odd) =>
    Object.defineProperty(Object.assign(message, { extra: odd }), 'payload', { writable: false }),
};
