/** The actions whose nodes Node-RED has loaded: a list of them anywhere else would have to follow each new one. */
import type { Action } from '../../contract/action';

type Known = Pick<Action<never>, 'operation' | 'mayCost' | 'isAboutPerson'>;

const actions = new Map<string, () => Known>();

/**
 * @param type of the node
 * @param load gives its action
 */
export function addAction(type: string, load: () => Known): void {
  actions.set(type, load);
}

/** @returns the types of nodes that call a provider */
export function actionTypes(): string[] {
  return [...actions.keys()];
}

/** @returns the operations that may cost, and so have keys */
export function paidOperations(): string[] {
  return operationsWith('mayCost');
}

/** @returns the operations that send who somebody is */
export function operationsAboutPersons(): string[] {
  return operationsWith('isAboutPerson');
}

/** All actions are loaded for that. */
function operationsWith(flag: 'mayCost' | 'isAboutPerson'): string[] {
  const loaded = [...actions.values()].map((load) => load());
  return loaded.filter((action) => action[flag]).map(({ operation }) => operation);
}
