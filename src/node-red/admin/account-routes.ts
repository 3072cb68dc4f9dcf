/** The admin routes behind the forms of accounts: they are given a node's id, never a credential (docs/node-red.md, "Runtime"). */
import type { AccountNode } from '../account/account-node';
import type { AdminHandler, Red } from '../runner/red';
import { languageOfReader } from '../runner/texts';

const PATH = '/cn-verify/accounts/:id';
const READ = 'cn-verify.read';
/** Who may deploy may test: a test is a request to the provider. */
const WRITE = 'cn-verify.write';

/** Each runtime's admin application once, whichever account node comes first. */
const registered = new WeakSet<object>();

/**
 * Registers the routes.
 * @param red Node-RED, as any account node has it
 */
export function registerAccountRoutes(red: Red): void {
  const { httpAdmin, auth } = red;
  if (registered.has(httpAdmin)) return;
  registered.add(httpAdmin);
  const nodeOf = (id: unknown) => red.nodes.getNode(String(id)) as Partial<AccountNode> | null;

  const test: AdminHandler = (request, response) => {
    const language = languageOfReader(request);
    const node = nodeOf(request.params.id);
    if (!node?.test) {
      response.status(404).json({ text: red._('test.not-deployed', { lng: language }) });
      return;
    }
    node.test.run(language).then(
      (result) => response.json(result),
      () => response.status(500).end(),
    );
  };
  httpAdmin.post(`${PATH}/test`, auth.needsPermission(WRITE), test);

  const keys: AdminHandler = (request, response) => {
    const onNextPair = nodeOf(request.params.id)?.onNextPair;
    if (onNextPair === undefined) response.status(404).end();
    else response.json({ inUse: onNextPair ? 'next' : 'first' });
  };
  httpAdmin.get(`${PATH}/keys`, auth.needsPermission(READ), keys);
}
