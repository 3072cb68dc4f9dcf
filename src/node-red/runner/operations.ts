/** What this Node-RED's palette can ask providers: each action's node adds its own when it is registered. */

const added = new Map<string, () => { mayCost: boolean }>();

/**
 * @param operation of the action, which is its node's type
 * @param load gives what is known of it
 */
export function addOperation(operation: string, load: () => { mayCost: boolean }): void {
  added.set(operation, load);
}

/** @returns the types of all nodes that call a provider */
export function operations(): string[] {
  return [...added.keys()];
}

/** @returns those that may cost, and so have keys */
export function paidOperations(): string[] {
  return operations().filter((operation) => added.get(operation)!().mayCost);
}
