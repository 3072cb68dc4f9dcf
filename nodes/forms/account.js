const isLoopback = RUNTIME('http/address', 'isLoopback');
const addressProblem = RUNTIME('http/address', 'addressProblem');

/** What a credential's twin for rotation is called. */
const nextOf = (name) => `next${name[0].toUpperCase()}${name.slice(1)}`;

/**
 * The checks that all accounts have in the editor, by property and credential.
 * @param form of the account's type
 */
function accountChecks(form) {
  const environmentOf = (node) => form.shown(node, 'environment') || 'production';
  const baseUrl = (node, value) => {
    if (environmentOf(node) !== 'custom' || isVariable(value)) return true;
    const problem = addressProblem(value ?? '');
    return problem === null || node._(`form.${problem}`);
  };
  const credential = (node, value, label) =>
    Boolean(value) || environmentOf(node) === 'sandbox' || node._('form.credential-missing', { label });
  const nextCredential = (node, value, label) =>
    Boolean(value) ||
    !hasNextPair(form) ||
    environmentOf(node) === 'sandbox' ||
    node._('form.next-credential-missing', { label });
  const names = Object.keys(form.definition.credentials);
  return {
    baseUrl,
    ...Object.fromEntries(names.map((name) => [name, form.isNext(name) ? nextCredential : credential])),
  };
}

/** What is done when the form of an account opens. */
function prepareAccount(form, node) {
  const { type, productionUrl } = form.definition;
  $(`#${type}-next-pair`).prop('open', hasNextPair(form));
  const showKeysInUse = () => showKeys(form, node);
  showKeysInUse();
  form.prepareTest(node, `cn-verify/accounts/${encodeURIComponent(node.id)}/test`, showKeysInUse);
  form.input('environment').on('change', () => {
    const environment = form.input('environment').val();
    const called = { production: productionUrl, sandbox: node._('form.address-sandbox') }[environment];
    $(`#${type}-sandbox`).toggle(environment === 'sandbox');
    $(`#${type}-credentials`).toggle(environment !== 'sandbox');
    $(`#${type}-no-keys`).toggle(environment === 'sandbox');
    $(`#${type}-address`)
      .text(called ?? '')
      .closest('.form-row')
      .toggle(called !== undefined);
    form
      .input('baseUrl')
      .closest('.form-row')
      .toggle(called === undefined);
  });
}

function hasNextPair(form) {
  return Object.keys(form.definition.credentials).some((name) => form.isNext(name) && form.input(name).val());
}

/** Only the runtime knows which pair it signs with; none goes to the browser. */
function showKeys(form, node) {
  if (!hasNextPair(form) || !RED.nodes.node(node.id)) return;
  $.getJSON(`cn-verify/accounts/${encodeURIComponent(node.id)}/keys`).done(({ inUse }) => {
    $(`#${form.definition.type}-keys`)
      .attr('data-in-use', inUse)
      .text(node._(inUse === 'next' ? 'form.keys-next' : 'form.keys-first'));
  });
}
