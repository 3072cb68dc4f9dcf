/** The admin route behind the test buttons: it is given a node's id, never a credential (NODE-RED, "Runtime"). */
import type { AccountNode } from './account-node';
import type { AdminHandler, Red } from './red';

const PATH = '/cn-verify/accounts/:id/test';
/** Who may deploy may test: a test is a request to the provider. */
const PERMISSION = 'cn-verify.write';

/** As browsers name one. */
const LANGUAGE = /^[A-Za-z]{2,3}(?:-[A-Za-z\d]{2,8}){0,3}$/;

/** Each runtime's admin application once, whichever account node comes first. */
const registered = new WeakSet<object>();

/**
 * Registers the route.
 * @param red Node-RED, as any account node has it
 */
export function registerTestRoute(red: Red): void {
  const { httpAdmin } = red;
  if (registered.has(httpAdmin)) return;
  registered.add(httpAdmin);
  const test: AdminHandler = (request, response) => {
    const language = request.acceptsLanguages().find((each) => LANGUAGE.test(each));
    const node = red.nodes.getNode(String(request.params.id)) as AccountNode | null;
    if (!node?.test) {
      response.status(404).json({ text: red._('test.not-deployed', { lng: language }) });
      return;
    }
    node.test.run(language).then(
      (result) => response.json(result),
      () => response.status(500).end(),
    );
  };
  httpAdmin.post(PATH, red.auth.needsPermission(PERMISSION), test);
}
