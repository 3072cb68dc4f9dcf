const empty = (value) => value === undefined || value === null || value === '';
/** Node-RED puts an environment variable in its place when the flow is deployed. */
const isVariable = (value) => /^\$\{[^}]+\}$/.test(value);

function checkNumber(node, value, { min, max, integer }, label) {
  if (empty(value) || isVariable(value)) return true;
  const given = Number(value);
  if (max === undefined && !(given >= min)) return node._('form.too-small', { label, min });
  if (max !== undefined && !(given >= min && given <= max)) {
    return node._('form.out-of-bounds', { label, min, max });
  }
  return !integer || Number.isInteger(given) || node._('form.not-whole', { label });
}

const UNREADABLE = { num: 'form.not-a-number', json: 'form.not-json' };

/** What Node-RED and JSONata say of a wrong value is English in every language. */
function checkTyped(node, value, type, label) {
  if (type !== 'jsonata') {
    if (RED.utils.validateTypedProperty(value, type) === true) return true;
    return node._(UNREADABLE[type] ?? 'form.unreadable', { label });
  }
  try {
    // The editor's own, the same as in the runtime.
    jsonata(value);
    return true;
  } catch (error) {
    return node._('form.jsonata-syntax', { label, position: error.position });
  }
}

/**
 * The check of a property that its default asks for.
 * @param form of the type
 * @param name of the property
 * @param property as it stands in the node's `defaults`
 * @returns `(node, value, label)` gives true or what is wrong; undefined where everything is right
 */
function checkOf(form, name, property) {
  const isLeftOut = (value) => empty(value) || String(value).trim() === '' || isVariable(value);
  if (property.typed) return (node, value, label) => checkField(form, node, name, property, value, label);
  if (property.jsonata)
    return (node, value, label) => isLeftOut(value) || checkTyped(node, value, 'jsonata', label);
  if (name === 'output')
    return (node, value, label) => isLeftOut(value) || checkTyped(node, value, 'msg', label);
  if (property.min !== undefined) return (node, value, label) => checkNumber(node, value, property, label);
  return undefined;
}

function checkField(form, node, name, { value: usual, typed, choices }, value, label) {
  if (value === undefined) return true;
  const type = form.shown(node, `${name}Type`) || typed;
  if (value === '') return (usual === '' && type === 'str') || node._('form.missing', { label });
  if (type !== 'str') return checkTyped(node, value, type, label);
  if (!choices || choices.includes(value) || isVariable(value)) return true;
  return node._('form.not-a-choice', { label, choices: choices.join(', ') });
}
