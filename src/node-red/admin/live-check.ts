/** What to look at before a flow goes live: docs/contract.md, "Ledger", "Editor sidebar". */
import type { VerifyError } from '../../contract/errors';
import { isChinese } from '../../texts/texts';
import type { PhotoStoreNode } from '../photos/photo-store-of';
import { actionTypes } from '../runner/actions';
import { configsOf, nodesOf } from '../runner/deployed';
import { asVerifyError, withText } from '../runner/flow-error';
import type { Node, NodeConfig, Red } from '../runner/red';
import { languageOf, withTexts } from '../runner/texts';
import { accountsOf } from './all-ledgers';
import type { AdminQuestion } from './question';

/** Why a node is not set up. */
interface Unready {
  type: string;
  problem: string;
  values: VerifyError['values'];
  /** As the node itself would say it. */
  text: string;
}

export interface LiveCheck {
  /** Accounts on the sandbox: their calls reach no provider. */
  sandbox: string[];
  unready: (Unready & { account: string })[];
  /** Photo stores from which no provider would get a photo. */
  stores: (Unready & { store: string })[];
  /** Action nodes whose errors no Catch gets; of a subflow, as they stand in it. */
  uncaught: string[];
  /** `lang` of settings.js. */
  lang: string | null;
  /** Whether the runtime, and with it errors and statuses, speaks Chinese. */
  speaksChinese: boolean;
}

/** @returns what an operator should look at */
export function checkLive({ red, language }: AdminQuestion): LiveCheck {
  const accounts = accountsOf(red);
  const { lang } = red.settings;
  return {
    sandbox: accounts.filter(({ environment }) => environment === 'sandbox').map(({ id }) => id),
    unready: accounts.flatMap((node) => {
      const unready = whyUnready(red, node, language, () => {
        node.check();
        node.terms();
      });
      return unready ? [{ account: node.id, ...unready }] : [];
    }),
    stores: nodesOf<PhotoStoreNode>(red, 'photo-store', 'check').flatMap((node) => {
      const unready = whyUnready(red, node, language, () => node.check('production'));
      return unready ? [{ store: node.id, ...unready }] : [];
    }),
    uncaught: uncaught(configsOf(red)),
    lang: typeof lang === 'string' && lang !== '' ? lang : null,
    speaksChinese: isChinese(languageOf(red)),
  };
}

function whyUnready(red: Red, node: Node, language: string | undefined, check: () => void): Unready | null {
  try {
    check();
    return null;
  } catch (reason) {
    const { type } = node;
    const { problem, values } = asVerifyError(red, node, reason);
    return withText(withTexts(red, type), { type, problem, values }, language);
  }
}

/**
 * Goes as Node-RED itself goes when a node raises an error: to the Catch nodes of its flow, and from a subflow that has
 * none for it to those around its instance.
 */
function uncaught(configs: readonly NodeConfig[]): string[] {
  const types = new Set(actionTypes());
  const nodes = new Map(configs.map((config) => [config.id, config]));
  const running = configs.filter(({ d, z }) => !d && !nodes.get(String(z))?.disabled);
  const catches = Map.groupBy(
    running.filter(({ type }) => type === 'catch'),
    ({ z }) => z,
  );
  const byType = Map.groupBy(running, ({ type }) => type);
  const known = new Map<string, boolean>();

  const isCaught = (node: NodeConfig): boolean => {
    const before = known.get(node.id);
    if (before !== undefined) return before;
    // Until it is known: a subflow that is in itself runs nowhere.
    known.set(node.id, true);
    const isSubflow = nodes.get(String(node.z))?.type === 'subflow';
    const found =
      (catches.get(node.z) ?? []).some((each) => covers(each, node, nodes)) ||
      (isSubflow && (byType.get(`subflow:${node.z}`) ?? []).every(isCaught));
    known.set(node.id, found);
    return found;
  };
  return running.filter((node) => types.has(node.type) && !isCaught(node)).map(({ id }) => id);
}

function covers({ scope, g }: NodeConfig, node: NodeConfig, nodes: ReadonlyMap<string, NodeConfig>): boolean {
  if (Array.isArray(scope)) return scope.includes(node.id);
  if (scope !== 'group' || !g) return true;
  for (let group = nodes.get(String(node.g)); group; group = nodes.get(String(group.g)))
    if (group.id === g) return true;
  return false;
}
