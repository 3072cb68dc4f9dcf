import { VerifyError } from '../../contract/errors';
import type { PhotoStore } from '../../contract/photo-store';
import type { Environment } from '../../contract/result';
import type { FormTest, TestResult } from '../runner/form-test';
import type { Node, Red } from '../runner/red';

/** What a store holds, as the form and the sidebar show it. */
interface ShownTotal {
  count: number;
  bytes: number;
  /** ISO 8601, when the oldest was put; null where there is none. */
  oldest: string | null;
}

/** A `photo-store`. */
export interface PhotoStoreNode extends Node {
  kind: 's3' | 'local';
  /** Whether it makes a JPG of any format. */
  fits: boolean;
  /**
   * @param environment of the account: what only this machine reaches is no use to a provider
   * @throws VerifyError CONFIG where it is not set up
   */
  open(environment: Environment): PhotoStore;
  /** @throws VerifyError as `open`; opens nothing */
  check(environment: Environment): void;
  total(): Promise<ShownTotal>;
  /** What its form's test button starts. */
  test: FormTest<TestResult>;
}

/**
 * @param red Node-RED
 * @param id of the node
 * @throws VerifyError CONFIG where there is none, or it is disabled
 */
export function photoStoreNode(red: Red, id: unknown): PhotoStoreNode {
  const node = id ? (red.nodes.getNode(String(id)) as PhotoStoreNode | null) : null;
  if (node?.type !== 'photo-store') throw new VerifyError('CONFIG', 'store-missing', {}, { charged: false });
  return node;
}
