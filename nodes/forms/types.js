const PACKAGE = '@cn-verify/node-red-cn-verify';
/** What several forms say, and the words of a status. */
const SHARED = `${PACKAGE}/forms:`;

/** The name of a property as the catalogue has it: maxPhotoMB, max-photo-mb. */
const textKey = (name) => `form.${name.replace(/[A-Z]+/g, (letters) => `-${letters.toLowerCase()}`)}`;

/** The types whose definition is complete. */
const prepared = new WeakSet();

/**
 * Completes the definition of one of our types: the published html holds it as plain data, because the flow library reads
 * it as text. This file may be loaded after that of a node, when the package is installed while the editor is open.
 */
function prepareType(type) {
  const definition = RED.nodes.getType(type);
  if (definition?.set?.module !== PACKAGE || prepared.has(definition)) return;
  prepared.add(definition);
  addKeywords(type, definition);
  const own = shareTexts(definition);
  const form = formOf(definition, own);
  const { defaults, credentials = {}, label, oneditprepare } = definition;
  const isAccount = type.endsWith('-account');
  const checks = isAccount ? accountChecks(form) : {};
  for (const [name, property] of Object.entries({ ...defaults, ...credentials })) {
    property.label = form.isNext(name)
      ? form.say('form.next-credential', { label: credentials[form.isNext(name)].label })
      : form.say(textKey(name));
    const { validate: own } = property;
    const check = checks[name] ?? checkOf(form, name, property);
    if (own) {
      property.validate = function (value, opt) {
        return own.call(this, value, { label: opt?.label, form });
      };
    } else if (check) {
      property.validate = function (value, opt) {
        return check(this, value, opt?.label);
      };
    }
  }
  definition.label = function () {
    const name = this.name || (label ? label.call(this) : this._('label.palette'));
    const account = isAccount ? this : !this.name && RED.nodes.node(this.account);
    if (account?.environment !== 'sandbox') return name;
    // Many call such an account a sandbox themselves.
    const isSaid = name.toLowerCase().includes(this._('label.sandbox'));
    return isSaid ? name : this._('label.on-sandbox', { name });
  };
  definition.labelStyle = function () {
    return this.name ? 'node_label_italic' : '';
  };
  definition.oneditprepare = function () {
    keepWhatIsThere(form, this);
    prepareTypedInputs(form, this);
    prepareOptionalNodes(form);
    if (defaults.fit) prepareFit(form);
    if (isAccount) prepareAccount(form, this);
    oneditprepare?.call(this, form);
    prepareTabs(form);
  };
  const template = $(`script[data-template-name="${type}"]`);
  template.text(expandForm(form, template.html()));
  setHelp(type, $(`script[data-help-name="${type}"]`).html());
}

/** The palette searches the type and this attribute; what stands on the node itself stays one line. */
function addKeywords(type, { keywords }) {
  const entry = $(`.red-ui-palette-node[data-palette-type="${type}"]`);
  if (keywords) entry.attr('data-palette-label', `${entry.attr('data-palette-label')} ${keywords}`);
}

/** The label is the reader's word for a type; documents name it. */
function setHelp(type, html) {
  $(`script[data-help-name="${type}"]`).text(`<div><code>${type}</code></div>${html}`);
}

/** What stands for all but the first paragraph of a help loads the rest when it is first shown. */
function defineRestOfHelp() {
  customElements.define(
    'cn-verify-help',
    class extends HTMLElement {
      connectedCallback() {
        const { type, src } = this.dataset;
        $.get({ url: src, dataType: 'html' }).then(
          (html) => {
            setHelp(type, html);
            if (this.isConnected) RED.sidebar.help.show(type, false);
          },
          () => $(this).text(RED._(`${SHARED}form.help-not-loaded`)),
        );
      }
    },
  );
}

/**
 * A text is looked up in the catalogue of the type, and then in that of all forms, so that the editor loads it once; the
 * words of a status, too.
 * @returns what looks only into that of the type
 */
function shareTexts(definition) {
  const own = definition._;
  definition._ = (key, values) => {
    const { defaultValue, ...others } = values ?? {};
    const text = own(key, others);
    if (text !== key || key.includes(':')) return text;
    const shared = RED._(SHARED + key, others);
    return shared === SHARED + key ? (defaultValue ?? key) : shared;
  };
  const share = (node) => {
    if (node._def === definition) node._ = definition._;
  };
  RED.nodes.eachNode(share);
  RED.nodes.eachConfig(share);
  return own;
}

/**
 * What the checks and forms of a type work with; a node's own functions get it, too.
 * @param definition of the type
 * @param own looks a text up in the catalogue of the type alone
 */
function formOf(definition, own) {
  const { type, category, credentials = {} } = definition;
  const prefix = category === 'config' ? 'node-config-input-' : 'node-input-';
  const input = (name) => $(`#${prefix}${name}`);
  return {
    definition,
    prefix,
    input,
    /** A text of the type or of all forms; undefined where there is none. */
    say: (key, values) => {
      const text = definition._(key, values);
      return text === key ? undefined : text;
    },
    /** Whether the type itself has this text: a credential may be called like a property of other types. */
    hasOwn: (key) => own(key) !== key,
    /** The credential whose twin for rotation this one is, if it is one. */
    isNext: (name) => Object.keys(credentials).find((each) => nextOf(each) === name),
    /** While a node's form is open, what stands there counts, and not yet the node's. */
    shown: (node, name) => {
      if (!RED.editor.getEditStack().includes(node)) return node[name];
      const field = input(name);
      return (field.is(':checkbox') ? field.is(':checked') : field.val()) ?? node[name];
    },
    prepareTest: (node, url, after) => prepareTest(type, node, url, after),
    pickUnit: (node, name, units) => pickUnit(input(name), node, name, units),
    /** What an account of a type is called. */
    accountName: (accountType) => RED.nodes.getType(accountType)._('label.account'),
    checkField: (node, name, value, label) =>
      checkField(formOf(definition), node, name, definition.defaults[name], value, label),
    addressProblem,
    checkNumber,
    empty,
    inEditor,
    isVariable,
    tasksRow,
  };
}

/**
 * A flow written by hand may leave properties out, and may have values that no list has; the form must not turn the
 * one or the other into something else.
 */
function keepWhatIsThere({ definition, input }, node) {
  for (const [name, { value, typed, choices }] of Object.entries(definition.defaults)) {
    if (node[name] === undefined && typeof value === 'boolean') input(name).prop('checked', value);
    else if (node[name] === undefined) input(name).val(value);
    else if (!typed && choices?.map(String).includes(String(node[name])) === false) {
      input(name).append($('<option>').val(node[name]).text(node[name])).val(node[name]);
    }
  }
}

/** The list of config nodes that may stay empty says what happens then; the editor would show nothing, or "none". */
function prepareOptionalNodes({ definition, input, say }) {
  for (const [name, { required }] of Object.entries(definition.defaults)) {
    if (required !== false) continue;
    const sayNone = () => {
      const none = input(name)
        .find('option[value="_ADD_"]')
        .text(say(`${textKey(name)}-none`));
      if (!input(name).val()) none.prop('selected', true);
    };
    // The editor fills the list again when a config node was added.
    input(name).on('change', sayNone);
    sayNone();
  }
}

/** How small a photo is to be made concerns only who has it made smaller. */
function prepareFit({ input }) {
  input('fit').on('change', () =>
    input('maxPhotoKB').closest('.form-row').toggle(input('fit').is(':checked')),
  );
}

RED.plugins.registerPlugin('cn-verify-forms', {
  inEditor,
  tasksRow,
  whenSure,
  onadd: () => {
    defineRestOfHelp();
    RED.nodes.registry.getNodeTypes().forEach(prepareType);
    RED.events.on('registry:node-type-added', prepareType);
  },
});
