/** What the test button of a photo store's form starts: a photo put, fetched as a provider would, and deleted again. */
import { VerifyError } from '../../contract/errors';
import type { CallContext, Transport } from '../../contract/transport';
import type { RemovablePhoto, Store } from '../../photos/store';
import { storeError } from '../../photos/store-answer';
import { asVerifyError, textOf } from '../runner/flow-error';
import { type FormTest, formTest, type TestResult } from '../runner/form-test';
import type { Node, Red } from '../runner/red';

/** The text for the step that failed; the error of a store that cannot be opened says itself what is wrong. */
const STEPS = {
  put: 'test.store-put',
  fetch: 'test.store-fetch',
  delete: 'test.store-delete',
} as const;

/** One white pixel. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsKA7MQAAAABJRU5ErkJggg==',
  'base64',
);

/**
 * @param red Node-RED, with the catalogue of the store's node
 * @param node of the store
 * @param open gives the store
 * @param connect opens a way to where photos are fetched
 */
export function photoStoreTest(
  red: Red,
  node: Node,
  open: () => Store,
  connect: (origin: URL) => Transport,
): FormTest<TestResult> {
  return formTest<TestResult>(async (context) => {
    let step: keyof typeof STEPS | 'open' = 'open';
    let put: RemovablePhoto | undefined;
    try {
      const store = open();
      step = 'put';
      put = await store.put(PIXEL, context);
      step = 'fetch';
      await fetchPixel(new URL(put.url), connect, context);
      step = 'delete';
      await put.remove(context);
      return (language) => ({ state: 'works', text: red._('test.store-works', { lng: language }) });
    } catch (reason) {
      if (step === 'fetch') put?.discard();
      const error = asVerifyError(red, node, reason);
      const failed = step;
      return (language) => {
        const text = textOf(red, error, language);
        if (failed === 'open') return { state: 'not-set-up', text };
        const state = error.code === 'NETWORK' ? 'unreachable' : 'refused';
        return { state, text: red._(STEPS[failed], { text, lng: language }) };
      };
    }
  });
}

/** As a provider does: by a plain GET. */
async function fetchPixel(
  url: URL,
  connect: (origin: URL) => Transport,
  context: CallContext,
): Promise<void> {
  const transport = connect(new URL(url.origin));
  const path = url.pathname + url.search;
  try {
    const { status, body } = await transport.send(
      {
        build: () => ({ method: 'GET', path, headers: {}, body: Buffer.alloc(0) }),
        read: (answer) => answer,
        claim: null,
        once: true,
      },
      context,
    );
    if (status !== 200) throw new VerifyError('CONFIG', 'store-not-fetched', { status });
    if (!body.equals(PIXEL)) throw new VerifyError('CONFIG', 'store-other-photo');
  } catch (reason) {
    throw storeError(reason);
  } finally {
    transport.close().catch(() => {});
  }
}
