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

/** @returns the operations that may cost, and so have keys; all actions are loaded for that */
export function paidOperations(): string[] {
  return [...actions.values()]
    .map((load) => load())
    .flatMap(({ mayCost, operation }) => (mayCost ? operation : []));
}

/** @returns the operations that send who somebody is; all actions are loaded for that */
export function operationsAboutPersons(): string[] {
  return [...actions.values()]
    .map((load) => load())
    .flatMap(({ isAboutPerson, operation }) => (isAboutPerson ? operation : []));
}
