/** The types of a typed input, that of its default first; a list of choices in place of a text where there is one. */
function typesOf(form, node, name, { typed, choices, json, suggest }) {
  if (json)
    return [
      typed,
      ...['json', 'msg', 'flow', 'global', 'str', 'env', 'jsonata'].filter((each) => each !== typed),
    ];
  if (typed !== 'str') return ['msg', 'flow', 'global', 'str', 'env', 'jsonata'];
  if (!choices)
    return [suggest ? suggested(suggest, form) : 'str', 'msg', 'flow', 'global', 'num', 'env', 'jsonata'];
  const key = textKey(name);
  const options = choices.map((value) => ({ value, label: `${value} · ${form.say(`${key}-${value}`)}` }));
  // The list replaces what is not in it: a value that somebody wrote by hand, ${VARIABLE} say, is put into it.
  const byHand = (node[`${name}Type`] || 'str') === 'str' && node[name];
  if (byHand && !choices.includes(byHand)) options.push({ value: byHand, label: byHand });
  const list = { value: 'str', label: node._('form.fixed'), icon: 'red/images/typedInput/az.svg', options };
  return [list, 'msg', 'flow', 'global', 'env', 'jsonata'];
}

/** A text of any kind, with those that are known to choose from. */
function suggested(suggest, form) {
  const autoComplete = (typed) =>
    suggest(form)
      .filter(([value, words]) => `${value} ${words}`.toLowerCase().includes(typed.toLowerCase()))
      .map(([value, words]) => ({ value, label: `${value} · ${words}` }));
  return { value: 'str', label: form.say('form.text'), icon: 'red/images/typedInput/az.svg', autoComplete };
}

function prepareTypedInputs(form, node) {
  for (const [name, property] of Object.entries(form.definition.defaults)) {
    const input = form.input(name);
    if (property.typed) {
      const types = typesOf(form, node, name, property);
      input.typedInput({ types, typeField: `#${form.prefix}${name}Type` });
    } else if (property.jsonata) input.typedInput({ types: ['jsonata'] });
    else if (name === 'output') input.typedInput({ types: ['msg'] });
  }
}
