/** As much of Node-RED's own interface as is used here; @types/node-red is behind the runtime. */

import type { OwnSettings } from './own-settings';

export type Message = Record<string, unknown> & { _msgid?: string; parts?: unknown };

export interface Status {
  fill?: 'red' | 'green' | 'yellow' | 'blue' | 'grey' | undefined;
  shape?: 'ring' | 'dot';
  text?: string;
}

/** One message, or for each output one, several or none. */
export type Sent = Message | (Message | Message[] | null)[];
export type Send = (sent: Sent) => void;
export type Done = (error?: Error) => void;

export interface NodeConfig {
  id: string;
  type: string;
  name?: string;
  [property: string]: unknown;
}

export interface Node {
  id: string;
  type: string;
  name?: string;
  credentials?: Record<string, string>;
  /** By output, the ids of the nodes it leads to. */
  wires?: string[][];
  on(event: 'input', listener: (message: Message, send: Send, done: Done) => void): void;
  on(event: 'close', listener: (removed: boolean, done: () => void) => void): void;
  /** Takes a message as if it came in over a wire. */
  receive(message: Message): void;
  /** What comes with no message that came in. */
  send: Send;
  status(status: Status): void;
  log(text: string): void;
  warn(text: string): void;
  error(error: unknown, message?: Message): void;
}

export interface TlsNode extends Node {
  verifyservercert?: boolean;
  valid?: boolean;
  addTLSOptions(options: Record<string, unknown>): Record<string, unknown>;
}

export interface HttpProxyNode extends Node {
  url?: string;
  noproxy?: string[];
}

/** As much of an Express request and response as is used here. */
export interface AdminRequest {
  headers: Readonly<Record<string, string | string[] | undefined>>;
  params: Record<string, string>;
  query: Record<string, unknown>;
  acceptsLanguages(): string[];
}

type AdminHandler = (
  request: AdminRequest & AsyncIterable<Uint8Array>,
  response: AdminResponse,
  next: () => void,
) => void;

export interface AdminResponse extends NodeJS.WritableStream {
  headersSent: boolean;
  status(code: number): AdminResponse;
  set(headers: Record<string, string>): AdminResponse;
  json(value: unknown): void;
}

/** As much of Express as a file or a few words are served with; HEAD and ranges are Express's own. */
export type PublicHandler = (
  request: { params: Record<string, string> },
  response: {
    headersSent: boolean;
    status(code: number): {
      end(): void;
      set(headers: Record<string, string>): { json(value: unknown): void };
    };
    sendFile(
      name: string,
      options: {
        root: string;
        headers: Record<string, string>;
        cacheControl: false;
        lastModified: false;
        etag: false;
      },
      done: (error?: Error) => void,
    ): void;
  },
) => void;

export interface Red {
  nodes: {
    createNode(node: Node, config: NodeConfig): void;
    getNode(id: string): Node | null;
    /** As they were deployed. */
    eachNode(callback: (config: NodeConfig) => void): void;
    registerType(
      type: string,
      create: (this: Node, config: NodeConfig) => void,
      options?: { credentials?: Record<string, { type: 'password' }> },
    ): void;
  };
  /** The application that serves flows; the world asks it. */
  httpNode: Record<'get', (path: string, handler: PublicHandler) => void>;
  /** The admin application; the editor asks it. */
  httpAdmin: Record<'get' | 'post' | 'delete', (path: string, ...handlers: AdminHandler[]) => void>;
  events: { on(event: string, listener: () => void): void };
  log: Record<'info' | 'warn' | 'error', (text: string) => void>;
  auth: { needsPermission(permission: string): AdminHandler };
  settings: { userDir?: string; cnVerify?: OwnSettings; [name: string]: unknown };
  util: {
    prepareJSONataExpression(expression: string, node: Node): unknown;
    evaluateJSONataExpression(
      expression: unknown,
      message: Message,
      callback: (error: Error | null, value: unknown) => void,
    ): void;
    evaluateNodeProperty(
      value: unknown,
      type: string,
      node: Node,
      message: Message,
      callback: (error: Error | null, value: unknown) => void,
    ): void;
    /** @returns undefined where the variable is not set */
    getSetting(node: Node, variable: string): unknown;
    normalisePropertyExpression(expression: string, message?: Message): (string | number | unknown[])[];
    setMessageProperty(message: Message, property: string, value: unknown, createMissing: boolean): boolean;
    cloneMessage(message: Message): Message;
    generateId(): string;
  };
  /** Looks a text up, in the language of the runtime or of `values.lng`: here among the texts of src/texts. */
  _(key: string, values?: Record<string, unknown>): string;
}
