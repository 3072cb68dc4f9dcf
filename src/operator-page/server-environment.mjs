import { noteEnvironment } from './server-environments.mjs';

/** A message without anything to check is refused before it is sent, and the refusal names the account's environment. */
export default function (msg, { flow }) {
  noteEnvironment(flow, msg.error.cause ?? {}, msg.error.code);
  return {};
}
