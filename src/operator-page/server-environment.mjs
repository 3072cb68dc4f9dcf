import { noteEnvironment } from './server-environments.mjs';

/** A message without anything to check is refused before it is sent, and the refusal tells where the account stands. */
export default function (msg, { flow }) {
  noteEnvironment(flow, msg.error.cause ?? {}, msg.error.code);
  return {};
}
