/**
 * Where the account of an operation stands: what the banner says, and what is missing before a button can work.
 * @param answer a result, or the cause of an error
 * @param code of the error, null of a result
 */
export function noteEnvironment(flow, { operation, environment, problem }, code = null) {
  const environments = flow.get('environments') ?? {};
  // Both operations of photos have one account.
  const name = operation === 'face-compare' ? 'person' : 'photos';
  const missing = code === 'CONFIG' ? problem : null;
  environments[name] = { environment: environment ?? null, missing };
  flow.set('environments', environments);
}

/** Part of a job may have been checked before its account was changed: what the sandbox made up stays marked. */
export function markEnvironment(job, environment) {
  if (environment && job.environment !== 'sandbox') job.environment = environment;
}
