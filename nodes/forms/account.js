const isLoopback = RUNTIME('http/address', 'isLoopback');
const addressProblem = RUNTIME('http/address', 'addressProblem');

/**
 * What all accounts have in the editor.
 * @param checks as `settingDefaults` takes them
 * @param prepare what else is done when the form opens
 */
function account({ checks = {}, prepare } = {}) {
  const environmentOf = (node) => shown(node, 'environment') || 'production';
  const baseUrl = (node, value) => {
    if (environmentOf(node) !== 'custom' || isVariable(value)) return true;
    const problem = addressProblem(value ?? '');
    return problem === null || node._(`form.${problem}`);
  };
  const credential = (name) => ({
    type: 'password',
    label: labelOf(name),
    validate: function (value, opt) {
      if (value || environmentOf(this) === 'sandbox') return true;
      return this._('form.credential-missing', { label: opt?.label });
    },
  });
  const nextCredential = (name) => ({
    type: 'password',
    label: RED._(`${NAMESPACE}form.next-credential`, { label: labelOf(name) }),
    validate: function (value, opt) {
      if (value || !hasNextPair() || environmentOf(this) === 'sandbox') return true;
      return this._('form.next-credential-missing', { label: opt?.label });
    },
  });
  return {
    category: 'config',
    defaults: {
      name: { value: '' },
      ...settingDefaults({ baseUrl, ...checks }),
      tls: configNode('tls', 'tls-config'),
      proxy: configNode('proxy', 'http proxy'),
      ledger: configNode('ledger', 'verify-ledger-store'),
    },
    credentials: Object.fromEntries([
      ...TABLE.credentials.map((name) => [name, credential(name)]),
      ...TABLE.nextCredentials.map((twin, index) => [twin, nextCredential(TABLE.credentials[index])]),
    ]),
    label: function () {
      const name = this.name || this._('label.account');
      return this.environment === 'sandbox' ? this._('label.on-sandbox', { name }) : name;
    },
    labelStyle: function () {
      return this.name ? 'node_label_italic' : '';
    },
    oneditprepare: function () {
      keepWhatIsThere(this);
      const limits = $('#{{type}}-limits');
      const isUsual = ([name, { value }]) => this[name] === undefined || String(this[name]) === String(value);
      const folded = Object.entries(this._def.defaults).filter(
        ([name]) => limits.has(input(name)[0]).length > 0,
      );
      limits.prop('open', !folded.every(isUsual));
      $('#{{type}}-next-pair').prop('open', hasNextPair());
      showKeys(this);
      prepareTest(this, `cn-verify/accounts/${encodeURIComponent(this.id)}/test`, showKeys);
      prepare?.call(this);
      input('environment').on('change', () => {
        const environment = input('environment').val();
        const called = { production: TABLE.baseUrl, sandbox: this._('form.address-sandbox') }[environment];
        $('#{{type}}-sandbox').toggle(environment === 'sandbox');
        $('#{{type}}-credentials').toggle(environment !== 'sandbox');
        $('#{{type}}-address')
          .val(called)
          .closest('.form-row')
          .toggle(called !== undefined);
        input('baseUrl')
          .closest('.form-row')
          .toggle(called === undefined);
      });
    },
  };
}

const hasNextPair = () => TABLE.nextCredentials.some((name) => input(name).val());

/** Only the runtime knows which pair it signs with; none goes to the browser. */
function showKeys(node) {
  if (!hasNextPair() || !RED.nodes.node(node.id)) return;
  $.getJSON(`cn-verify/accounts/${encodeURIComponent(node.id)}/keys`).done(({ inUse }) => {
    $('#{{type}}-keys')
      .attr('data-in-use', inUse)
      .text(node._(inUse === 'next' ? 'form.keys-next' : 'form.keys-first'));
  });
}
