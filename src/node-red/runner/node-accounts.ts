import { VerifyError } from '../../contract/errors';
import type { Environment } from '../../contract/result';
import { readId } from '../../input/text';
import type { AccountNode } from '../account/account-node';
import { idOfAccount } from './choices';
import type { Red } from './red';

/**
 * The accounts of an action's node: its own, and those that a message chooses (docs/contract.md, "Action nodes",
 * `accountFrom`). They are looked up for each request, as an account may be replaced meanwhile: docs/node-red.md, "Runtime".
 */
export class NodeAccounts {
  readonly #red: Red;
  readonly #provider: string | null;
  readonly own: string;

  /**
   * @param red Node-RED
   * @param provider of the action; null: that of the account
   * @param own id of the account that the node was deployed with; empty where it has none
   */
  constructor(red: Red, provider: string | null, own: string) {
    this.#red = red;
    this.#provider = provider;
    this.own = own;
  }

  /** @throws VerifyError CONFIG where there is no such account, or it is of another provider */
  get(id = this.own): AccountNode {
    const node = id ? this.#find(id) : null;
    if (!node?.open || (this.#provider === null ? !node.request : node.provider !== this.#provider))
      throw new VerifyError('CONFIG', 'account-missing');
    return node;
  }

  /**
   * @param name or id, as a message has it; nothing for the node's own
   * @returns its id
   * @throws VerifyError INPUT where it is no text; CONFIG where there is no such account, or more than one
   */
  chosen(name: unknown): string {
    const wanted = readId(name, 'accountFrom');
    if (wanted === '') return this.own;
    const id = idOfAccount(this.#red, wanted, this.providerOf());
    if (id === null) throw new VerifyError('CONFIG', 'account-not-found');
    return id;
  }

  /** @returns null where that depends on an account which is not there */
  providerOf(id = this.own): string | null {
    return this.#provider ?? this.#find(id)?.provider ?? null;
  }

  /** @returns null where there is no such account */
  environmentOf(id = this.own): Environment | null {
    return this.#find(id)?.environment ?? null;
  }

  #find(id: string): AccountNode | null {
    return this.#red.nodes.getNode(id) as AccountNode | null;
  }
}
