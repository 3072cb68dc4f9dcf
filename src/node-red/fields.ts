import type { FieldDefinition } from '../action';
import { VerifyError } from '../errors';
import type { Message, Node, NodeConfig, Red } from './red';

type Callback = (error: VerifyError | null, value: unknown) => void;
type Field = (message: Message, callback: Callback) => void;

/** Names with dots between them; anything else about a path is for Node-RED to know. */
const PLAIN_PATH = /^(?!msg\.)[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*$/;

interface PreparedFields {
  read(message: Message, callback: (error: unknown, values: Record<string, unknown>) => void): void;
  problem: VerifyError | null;
}

/**
 * Prepares a node's typed inputs; JSONata is compiled here, once.
 * @param red Node-RED
 * @param node that has them
 * @param definitions with the defaults of properties a flow does not have
 * @param config the node as it was deployed
 * @returns `read` gives the values for a message, or a VerifyError: INPUT where the message has no such value, CONFIG
 *   where no message could have; `problem` is what is wrong whatever the message
 */
export function prepareFields(
  red: Red,
  node: Node,
  definitions: Readonly<Record<string, FieldDefinition>>,
  config: NodeConfig,
): PreparedFields {
  let problem: VerifyError | null = null;
  const typed = Object.entries(definitions).map(([name, definition]) => ({
    name,
    type: String(config[`${name}Type`] ?? definition.type),
    value: config[name] ?? definition.value,
  }));
  // As they nearly always are. Node-RED would parse each path anew for every message.
  if (typed.every(({ type, value }) => type === 'msg' && PLAIN_PATH.test(String(value)))) {
    const paths = typed.map(({ name, value }) => ({ name, path: String(value).split('.') }));
    return { read: (message, callback) => readPaths(paths, message, callback), problem };
  }
  const fields = typed.map(({ name, type, value }) => {
    try {
      return [name, prepareField(red, node, name, type, value)] as const;
    } catch (error) {
      problem = error as VerifyError;
      const unusable: Field = (_message, callback) => callback(error as VerifyError, undefined);
      return [name, unusable] as const;
    }
  });

  const read: PreparedFields['read'] = (message, callback) => {
    const values: Record<string, unknown> = {};
    let missing = fields.length;
    let failed = false;
    if (missing === 0) callback(null, values);
    for (const [name, field] of fields) {
      field(message, (error, value) => {
        if (failed) return;
        values[name] = value;
        if (error) {
          failed = true;
          callback(error, values);
        } else if (--missing === 0) callback(null, values);
      });
    }
  };
  return { read, problem };
}

function prepareField(red: Red, node: Node, name: string, type: string, value: unknown): Field {
  const unreadable = () => new VerifyError('INPUT', 'field-unreadable', { name });
  const settle = (callback: Callback) => (error: Error | null, result: unknown) =>
    callback(error ? unreadable() : null, result);
  const guarded =
    (field: Field): Field =>
    (message, callback) => {
      try {
        field(message, callback);
      } catch {
        callback(unreadable(), undefined);
      }
    };

  if (type === 'jsonata') {
    let expression: unknown;
    try {
      expression = red.util.prepareJSONataExpression(String(value), node);
    } catch {
      throw new VerifyError('CONFIG', 'jsonata-syntax', { name });
    }
    return guarded((message, callback) =>
      red.util.evaluateJSONataExpression(expression, message, settle(callback)),
    );
  }
  if (type === 'env') {
    return guarded((message, callback) =>
      red.util.evaluateNodeProperty(value, type, node, message, (error, result) => {
        const unset = result === undefined || result === '' || result === `\${${value}}`;
        if (!error && unset)
          callback(new VerifyError('CONFIG', 'variable-not-set', { variable: String(value) }), undefined);
        else settle(callback)(error, result);
      }),
    );
  }
  return guarded((message, callback) =>
    red.util.evaluateNodeProperty(value, type, node, message, settle(callback)),
  );
}

function readPaths(
  paths: readonly { name: string; path: readonly string[] }[],
  message: Message,
  callback: (error: unknown, values: Record<string, unknown>) => void,
): void {
  const values: Record<string, unknown> = {};
  let error: VerifyError | null = null;
  for (const { name, path } of paths) {
    try {
      let value: unknown = message;
      for (const part of path) value = (value as Record<string, unknown>)[part];
      values[name] = value;
    } catch {
      error ??= new VerifyError('INPUT', 'field-unreadable', { name });
    }
  }
  callback(error, values);
}
