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
      prepareTest(this);
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

/** The runtime tests the account as it is deployed: what stands in the form is not sent. */
function prepareTest(node) {
  const button = $('#{{type}}-test');
  const result = $('#{{type}}-test-result');
  const states = {
    works: [node._('form.test-works'), 'success'],
    refused: [node._('form.test-refused'), 'error'],
    unreachable: [node._('form.test-unreachable'), 'error'],
    'not-set-up': [node._('form.test-not-set-up'), 'warning'],
    'not-run': [node._('form.test-not-run'), 'warning'],
  };
  const deployed = RED.nodes.node(node.id) && !node.changed;
  button.prop('disabled', !deployed);
  result.text(node._(deployed ? 'form.test-as-deployed' : 'form.test-deploy-first'));

  button.on('click', () => {
    button.prop('disabled', true);
    result.attr('data-state', 'running').css('color', '').text(node._('form.test-running'));
    $.ajax({
      url: `cn-verify/accounts/${encodeURIComponent(node.id)}/test`,
      type: 'POST',
      headers: { 'Accept-Language': RED.i18n.lang() },
    })
      .done(show)
      .fail(({ responseJSON }) => show({ state: 'not-run', text: responseJSON?.text }))
      .always(() => button.prop('disabled', false));
  });

  function show({ state, text, clockOffsetSeconds: offset }) {
    const [word, color] = states[state];
    const lines = [node._('form.test-result', { word, text: text ?? '' })];
    if (offset > 0) lines.push(node._('form.test-clock-behind', { seconds: offset }));
    if (offset < 0) lines.push(node._('form.test-clock-ahead', { seconds: -offset }));
    result.attr('data-state', state).css('color', `var(--red-ui-text-color-${color})`).empty();
    for (const line of lines) $('<div>').text(line).appendTo(result);
    showKeys(node);
  }
}
