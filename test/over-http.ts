/**
 * A flow that a test calls over HTTP, as other programs call one: `POST` starts it, and what comes out is the answer.
 * @param path of the request; `:name` in it is in `msg.req.params`
 * @param to ids of the nodes that may get the message; what they send has to be wired to the node `answer`
 * @param options `read` makes the message, as the body of a function node; `answer` is an expression of what came out or
 *   was caught; `upload` takes files
 */
export function overHttp(
  path: string,
  to: readonly string[],
  { read = 'return msg;', answer = 'msg.error ?? msg.payload', upload = false } = {},
): object[] {
  const at = { z: 'tab', x: 1, y: 1 };
  return [
    { id: 'in', ...at, type: 'http in', url: path, method: 'post', upload, wires: [['read']] },
    { id: 'read', ...at, type: 'function', outputs: to.length, func: read, wires: to.map((id) => [id]) },
    { id: 'catch', ...at, type: 'catch', scope: null, wires: [['answer']] },
    {
      id: 'answer',
      ...at,
      type: 'function',
      func: `msg.payload = ${answer}; return msg;`,
      wires: [['response']],
    },
    { id: 'response', ...at, type: 'http response', wires: [] },
  ];
}
