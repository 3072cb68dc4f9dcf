/** What the runtime takes: typed inputs, settings, credentials, and the address in production. */
const TABLE = RUNTIME_TABLE;

const NAMESPACE = '@cn-verify/node-red-cn-verify/{{type}}:';

const input = (name) => $(`#{{prefix}}-${name}`);
const empty = (value) => value === undefined || value === null || value === '';
/** Node-RED puts an environment variable in its place when the flow is deployed. */
const isVariable = (value) => /^\$\{[^}]+\}$/.test(value);
/** The name of a property as the catalogue has it: maxPhotoMB, max-photo-mb. */
const textKey = (name) => `form.${name.replace(/[A-Z]+/g, (letters) => `-${letters.toLowerCase()}`)}`;
const labelOf = (name) => RED._(NAMESPACE + textKey(name));

/** A property that names a config node, or is empty. */
const configNode = (name, type) => ({ value: '', type, required: false, label: labelOf(name) });

/** While a node's form is open, what stands there counts, and not yet the node's. */
function shown(node, name) {
  const value = RED.editor.getEditStack().includes(node) ? input(name).val() : undefined;
  return value ?? node[name];
}

function checkNumber(node, value, { min, max, integer }, label) {
  if (empty(value) || isVariable(value)) return true;
  const given = Number(value);
  if (max === undefined && !(given >= min)) return node._('form.too-small', { label, min });
  if (max !== undefined && !(given >= min && given <= max)) {
    return node._('form.out-of-bounds', { label, min, max });
  }
  return !integer || Number.isInteger(given) || node._('form.not-whole', { label });
}

/** What Node-RED and JSONata say of a wrong value is English in every language. */
function checkTyped(node, value, type, label) {
  if (type !== 'jsonata') {
    if (RED.utils.validateTypedProperty(value, type) === true) return true;
    return node._(type === 'num' ? 'form.not-a-number' : 'form.unreadable', { label });
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
 * The settings as Node-RED wants its `defaults`.
 * @param checks by name of a setting: `(node, value, label)` gives true or what is wrong
 */
function settingDefaults(checks) {
  const entries = Object.entries(TABLE.settings).map(([name, setting]) => {
    const label = labelOf(name);
    const check =
      checks[name] ??
      (setting.type === 'number' && !setting.choices
        ? (node, value) => checkNumber(node, value, setting, label)
        : () => true);
    const validate = function (value, opt) {
      return check(this, value, opt?.label);
    };
    return [name, { value: setting.default, label, validate }];
  });
  return Object.fromEntries(entries);
}

/**
 * A flow written by hand may leave properties out, and may have values that no list has; the form must not turn the
 * one or the other into something else.
 */
function keepWhatIsThere(node) {
  for (const [name, { value }] of Object.entries(node._def.defaults)) {
    if (node[name] === undefined && typeof value === 'boolean') input(name).prop('checked', value);
    else if (node[name] === undefined) input(name).val(value);
    else if (TABLE.settings[name]?.choices?.map(String).includes(String(node[name])) === false) {
      input(name).append($('<option>').val(node[name]).text(node[name])).val(node[name]);
    }
  }
}
