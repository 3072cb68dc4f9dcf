import { tellEnvironment } from './server-environments.mjs';

/** A message without anything to check is refused before it is sent, and the refusal tells where the account stands. */
export default function (msg, { flow }) {
  tellEnvironment(flow, msg.error.cause ?? {}, msg.error.code);
  return {};
}
