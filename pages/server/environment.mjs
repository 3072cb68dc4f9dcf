/** A message without anything to check is refused before it is sent, and the refusal tells where the account stands. */
export default function (msg, { flow }) {
  const { environment, problem, operation } = msg.error.cause ?? {};
  const environments = flow.get('environments') ?? {};
  const missing = msg.error.code === 'CONFIG' ? problem : null;
  environments[operation] = { environment: environment ?? null, missing };
  flow.set('environments', environments);
  return {};
}
