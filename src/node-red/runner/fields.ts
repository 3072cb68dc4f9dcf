import { onAbort } from '../../contract/cancel';
import { VerifyError } from '../../contract/errors';
import type { FieldDefinition } from '../../contract/settings';
import { objectInText } from '../../input/json-text';
import type { Message, Node, NodeConfig, Red } from './red';
import { requireVariable } from './settings';

type Callback = (error: VerifyError | null, value: unknown) => void;
type Field = (message: Message, callback: Callback, texts: TextsOfMessage) => void;

/** docs/contract.md, "Errors": a context store may never call back (docs/node-red.md, "Runtime"). */
const LONGEST_MS = 30_000;

type Read = (error: VerifyError | null, values: Record<string, unknown>) => void;

interface PreparedFields {
  /** @param closing ends the reading with CANCELLED */
  read(message: Message, closing: AbortSignal, callback: Read): void;
  /** The same as a promise. */
  readAll(message: Message, closing: AbortSignal): Promise<Record<string, unknown>>;
  problem: VerifyError | null;
  /** @returns the same error, which names the property of the message where it named that of the node */
  withMessagePath(error: VerifyError): VerifyError;
}

/**
 * Prepares a node's typed inputs; JSONata and paths are compiled here, once.
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
  const fields = Object.entries(definitions).map(([name, definition]) => {
    try {
      const type = String(config[`${name}Type`] ?? definition.type);
      return [name, prepareField(red, node, name, type, config[name] ?? definition.value)] as const;
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error;
      problem = error;
      const unusable: Field = (_message, callback) => callback(error, undefined);
      return [name, unusable] as const;
    }
  });

  const names = fields.map(([name]) => name);
  const read: PreparedFields['read'] = (message, closing, callback) => {
    const values: Record<string, unknown> = {};
    const missing = new Set(names);
    const texts = new TextsOfMessage();
    let isOver = false;
    let stop: (() => void) | undefined;
    const end = (error: VerifyError | null) => {
      if (isOver) return;
      isOver = true;
      stop?.();
      callback(error, values);
    };
    for (const [name, field] of fields) {
      const set: Callback = (error, value) => {
        values[name] = value;
        if (error) end(error);
        else if (missing.delete(name) && missing.size === 0) end(null);
      };
      field(message, set, texts);
    }
    if (fields.length === 0) end(null);
    if (!isOver) stop = limit(missing, closing, end);
  };
  const readAll: PreparedFields['readAll'] = (message, closing) =>
    new Promise((resolve, reject) => {
      read(message, closing, (error, values) => (error ? reject(error) : resolve(values)));
    });
  const withMessagePath = (error: VerifyError) => {
    const { field = '' } = error.values;
    const definition = definitions[field];
    const type = config[`${field}Type`] ?? definition?.type;
    if (definition && type === 'msg')
      error.values.field = `msg.${withoutMsg(String(config[field] ?? definition.value))}`;
    return error;
  };
  return { read, readAll, problem, withMessagePath };
}

/** Only what is not read at once needs a clock. */
function limit(
  missing: ReadonlySet<string>,
  closing: AbortSignal,
  end: (error: VerifyError) => void,
): () => void {
  const timer = setTimeout(() => {
    const [name = ''] = missing;
    end(new VerifyError('INPUT', 'field-silent', { name, seconds: LONGEST_MS / 1000 }));
  }, LONGEST_MS);
  const forget = onAbort(closing, () => end(new VerifyError('CANCELLED', 'cancelled')));
  return () => {
    clearTimeout(timer);
    forget();
  };
}

/**
 * Several inputs look inside of one text, or the Buffer of one: it is parsed once for all of them. Each message has its own,
 * because a flow may write the next message into the same Buffer while an input of this one is still read.
 */
class TextsOfMessage {
  #latest: { text: unknown; object: Record<string, unknown> | null } | null = null;

  objectIn(text: unknown): Record<string, unknown> | null {
    if (this.#latest?.text !== text) this.#latest = { text, object: objectInText(text) };
    return this.#latest!.object;
  }
}

function prepareField(red: Red, node: Node, name: string, type: string, value: unknown): Field {
  const unreadable = () => new VerifyError('INPUT', 'field-unreadable', { name });
  const settle = (callback: Callback) => (error: Error | null, result: unknown) =>
    callback(error ? unreadable() : null, result);
  const guarded =
    (field: Field): Field =>
    (message, callback, texts) => {
      try {
        field(message, callback, texts);
      } catch {
        callback(unreadable(), undefined);
      }
    };

  if (type === 'jsonata') {
    let expression: unknown;
    try {
      expression = red.util.prepareJSONataExpression(String(value), node);
    } catch {
      // Some expressions look like a variable: `${"name": payload}` makes an object.
      requireVariable(value);
      throw new VerifyError('CONFIG', 'jsonata-syntax', { name });
    }
    return guarded((message, callback) =>
      red.util.evaluateJSONataExpression(expression, message, settle(callback)),
    );
  }
  requireVariable(value);
  if (type === 'env') {
    const text = String(value);
    const inText = [...text.matchAll(/\$\{([^}]+)\}/g)];
    // Of a text such as `team-${VAR}`, Node-RED leaves out a variable that is not set. One that is empty may be so on purpose
    // there, and not where it is the whole.
    const isWhole = inText.length === 0 || inText[0]![0] === text;
    const variables = inText.length === 0 ? [text] : inText.map(([, variable]) => variable!);
    return guarded((message, callback) => {
      const unset = variables.find((each) => {
        const found = red.util.getSetting(node, each);
        return found === undefined || (isWhole && found === '');
      });
      if (unset !== undefined)
        callback(new VerifyError('CONFIG', 'variable-not-set', { variable: unset }), undefined);
      else red.util.evaluateNodeProperty(value, type, node, message, settle(callback));
    });
  }
  const path = type === 'msg' ? pathOf(red, String(value)) : null;
  if (path) {
    return guarded((message, callback, texts) => {
      let found: unknown = message;
      for (const [index, key] of path.entries()) {
        const inText = index === 1 ? texts.objectIn(found) : null;
        found = (inText && Object.hasOwn(inText, key) ? inText : (found as Message))[key];
      }
      callback(null, found);
    });
  }
  return guarded((message, callback) =>
    red.util.evaluateNodeProperty(value, type, node, message, settle(callback)),
  );
}

/** `msg.payload` may be written for `payload`, as Node-RED reads it too. */
const withoutMsg = (property: string) => property.replace(/^msg\./, '');

/** @returns the way to a property of a message; null where it is no path, or depends on the message: `msg.a[msg.b]` */
function pathOf({ util }: Red, property: string): string[] | null {
  try {
    const path = util.normalisePropertyExpression(withoutMsg(property));
    return path.every((key) => typeof key !== 'object') ? path.map(String) : null;
  } catch {
    return null;
  }
}
