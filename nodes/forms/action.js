/**
 * What all actions have in the editor.
 * @param account type of its account, where it has one
 * @param others types of other config nodes that may be chosen, by property
 * @param expressions names of the settings that are JSONata
 * @param checks as `settingDefaults` takes them
 * @param label of a node without a name, where it is not the type
 * @param prepare what else is done when the form opens
 */
function action({ account, others = {}, expressions = [], checks = {}, label, prepare }) {
  const fieldDefaults = Object.entries(TABLE.fields).flatMap(([name, field]) => [
    [name, { value: field.value, label: labelOf(name), validate: fieldCheck(name, field) }],
    [`${name}Type`, { value: field.type }],
  ]);
  const expression = (node, value, label) =>
    empty(value) || value.trim() === '' || isVariable(value) || checkTyped(node, value, 'jsonata', label);
  const output = (node, value, label) =>
    empty(value) || isVariable(value) || checkTyped(node, value, 'msg', label);
  const ownChecks = {
    output,
    ...Object.fromEntries(expressions.map((name) => [name, expression])),
    ...checks,
  };
  return {
    defaults: {
      name: { value: '' },
      ...(account
        ? { account: { value: '', type: account, required: true, label: labelOf('account') } }
        : {}),
      ...Object.fromEntries(Object.entries(others).map(([name, type]) => [name, configNode(name, type)])),
      ...Object.fromEntries(fieldDefaults),
      ...settingDefaults(ownChecks),
    },
    align: 'left',
    paletteLabel,
    label: function () {
      if (this.name) return this.name;
      const name = label ? label.call(this) : '{{type}}';
      const isOnSandbox = RED.nodes.node(this.account)?.environment === 'sandbox';
      return isOnSandbox ? this._('label.on-sandbox', { name }) : name;
    },
    labelStyle: function () {
      return this.name ? 'node_label_italic' : '';
    },
    oneditprepare: function () {
      keepWhatIsThere(this);
      for (const [name, field] of Object.entries(TABLE.fields)) {
        input(name).typedInput({ types: typesOf(this, name, field), typeField: `#{{prefix}}-${name}Type` });
      }
      for (const name of expressions) input(name).typedInput({ types: ['jsonata'] });
      input('output').typedInput({ types: ['msg'] });
      prepare?.call(this);
    },
  };
}

function fieldCheck(name, field) {
  return function (value, opt) {
    if (value === undefined) return true;
    const label = opt?.label;
    const type = shown(this, `${name}Type`) || field.type;
    if (value === '') return (field.value === '' && type === 'str') || this._('form.missing', { label });
    if (type !== 'str') return checkTyped(this, value, type, label);
    if (!field.choices || field.choices.includes(value) || isVariable(value)) return true;
    return this._('form.not-a-choice', { label, choices: field.choices.join(', ') });
  };
}

/** The types of a typed input, that of its default first; a list of choices in place of a text where there is one. */
function typesOf(node, name, { type, choices }) {
  if (type !== 'str') return ['msg', 'flow', 'global', 'str', 'env', 'jsonata'];
  if (!choices) return ['str', 'msg', 'flow', 'global', 'num', 'env', 'jsonata'];
  const options = input(name)
    .siblings('datalist')
    .children()
    .toArray()
    .map(({ value, text }) => ({ value, label: `${value} · ${text}` }));
  // The list replaces what is not in it: a value that somebody wrote by hand, ${VARIABLE} say, is put into it.
  const byHand = (node[`${name}Type`] || 'str') === 'str' && node[name];
  if (byHand && !choices.includes(byHand)) options.push({ value: byHand, label: byHand });
  const list = { value: 'str', label: node._('form.fixed'), icon: 'red/images/typedInput/az.svg', options };
  return [list, 'msg', 'flow', 'global', 'env', 'jsonata'];
}
