/** What the test button of a photo store's form starts: a photo put, fetched as a provider would, and deleted again. */

import { VerifyError } from '../../contract/errors';
import type { CallContext, Transport } from '../../contract/transport';
import type { Put, Store } from '../../photos/store';
import { storeError } from '../../photos/store-answer';
import { asVerifyError, textOf } from '../runner/flow-error';
import type { Node, Red } from '../runner/red';

/** What the form shows; without secrets. */
export interface StoreTestResult {
  state: 'works' | 'refused' | 'unreachable' | 'not-set-up';
  /** Which step failed, and why, in the language of the reader. */
  text: string;
}

type Step = 'open' | 'put' | 'fetch' | 'delete';

/** One white pixel. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsKA7MQAAAABJRU5ErkJggg==',
  'base64',
);

export class PhotoStoreTest {
  readonly #red: Red;
  readonly #node: Node;
  readonly #open: () => Store;
  readonly #connect: (origin: URL) => Transport;
  readonly #closing = new AbortController();
  #running: Promise<{ step: Step; error: VerifyError } | null> | undefined;

  /**
   * @param red Node-RED, with the catalogue of the store's node
   * @param node of the store
   * @param open gives the store
   * @param connect opens a way to where photos are fetched
   */
  constructor(red: Red, node: Node, open: () => Store, connect: (origin: URL) => Transport) {
    this.#red = red;
    this.#node = node;
    this.#open = open;
    this.#connect = connect;
  }

  /**
   * Tests the store; a second call while a test is running gets the result of that test.
   * @param language of the reader; without one, that of the runtime
   */
  async run(language?: string): Promise<StoreTestResult> {
    this.#running ??= this.#test().finally(() => {
      this.#running = undefined;
    });
    const failed = await this.#running;
    if (!failed) return { state: 'works', text: this.#red._('test.store-works', { lng: language }) };
    const { step, error } = failed;
    const text = textOf(this.#red, error, language);
    if (step === 'open') return { state: 'not-set-up', text };
    const state = error.code === 'NETWORK' ? 'unreachable' : 'refused';
    return { state, text: this.#red._(STEPS[step], { text, lng: language }) };
  }

  /** Ends a test that is running. */
  close(): void {
    this.#closing.abort();
  }

  async #test(): Promise<{ step: Step; error: VerifyError } | null> {
    let step: Step = 'open';
    let put: Put | undefined;
    try {
      const store = this.#open();
      step = 'put';
      put = await store.put(PIXEL, this.#context());
      step = 'fetch';
      await this.#fetch(new URL(put.url));
      step = 'delete';
      await put.remove(this.#context());
      return null;
    } catch (reason) {
      if (step === 'fetch') put?.discard();
      const error = asVerifyError(this.#red, this.#node, reason);
      return { step, error };
    }
  }

  /** As a provider does: by a plain GET. */
  async #fetch(url: URL): Promise<void> {
    const transport = this.#connect(new URL(url.origin));
    const path = url.pathname + url.search;
    try {
      const answer = await transport.send(
        {
          build: () => ({ method: 'GET', path, headers: {}, body: Buffer.alloc(0) }),
          read: (got) => got,
          claim: null,
          once: true,
        },
        this.#context(),
      );
      const { status } = answer;
      if (status !== 200) throw new VerifyError('CONFIG', 'store-not-fetched', { status });
      if (!answer.body.equals(PIXEL)) throw new VerifyError('CONFIG', 'store-other-photo');
    } catch (reason) {
      throw storeError(reason);
    } finally {
      transport.close().catch(() => {});
    }
  }

  #context(): CallContext {
    return {
      now: Date.now,
      random: Math.random,
      closing: this.#closing.signal,
      signal: this.#closing.signal,
      attempted: () => {},
      wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    };
  }
}

const STEPS = {
  put: 'test.store-put',
  fetch: 'test.store-fetch',
  delete: 'test.store-delete',
} as const;
