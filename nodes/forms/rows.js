/** No label of ours wraps. */
const LABEL = 140;
/** Beside a label, and the space between them. */
const BESIDE = `calc(100% - ${LABEL + 10}px)`;
const UNDER = `margin: 2px 0 0 ${LABEL + 4}px`;

/**
 * The rows of the forms, by kind. `id` is the input's, `key` its texts' in the catalogue, `unit` and `example` may be
 * empty. A row without an icon has a wide label.
 */
const labelHtml = ({ id, key, icon }) =>
  icon
    ? `<label for="${id}" style="width: ${LABEL}px; white-space: nowrap"><i class="fa fa-${icon}"></i> <span data-i18n="${key}"></span></label>`
    : `<label for="${id}" style="width: 200px; white-space: nowrap" data-i18n="${key}"></label>`;
const inputHtml = ({ id, example }, style = BESIDE, type = 'text') =>
  `<input type="${type}" id="${id}" ${example} autocomplete="${type === 'text' ? 'off' : 'new-password'}" spellcheck="false" style="width: ${style}">`;
const optionsHtml = ({ key, choices }) =>
  choices.map((choice) => `<option value="${choice}" data-i18n="${key}-${choice}"></option>`).join('');
const rowHtml = (...content) => `<div class="form-row">${content.join(' ')}</div>`;

const linkHtml = (page) =>
  page ? `<a href="${page}" target="_blank" rel="noopener" data-i18n="form.keys-page"></a>` : '';

const ROWS = {
  text: (of) => rowHtml(labelHtml(of), inputHtml(of)),
  password: (of) => rowHtml(labelHtml(of), inputHtml(of, BESIDE, 'password')),
  number: (of) =>
    rowHtml(labelHtml(of), inputHtml(of, '90px') + (of.unit ? ` <span data-i18n="${of.unit}"></span>` : '')),
  typed: (of) =>
    rowHtml(
      labelHtml(of),
      inputHtml(of),
      `<input type="hidden" id="${of.id}Type">`,
      of.unit ? `<div style="${UNDER}" data-i18n="${of.unit}"></div>` : '',
    ),
  select: (of) =>
    rowHtml(labelHtml(of), `<select id="${of.id}" style="width: ${BESIDE}">${optionsHtml(of)}</select>`),
  checkbox: (of) =>
    rowHtml(
      `<input type="checkbox" id="${of.id}" style="width: auto; margin: 0 4px 2px ${of.icon ? `${LABEL + 4}px` : '0'}">`,
      `<label for="${of.id}" style="width: auto; max-width: ${BESIDE}" data-i18n="${of.key}"></label>`,
    ),
};

function kindOf({ type, typed, value, choices }) {
  if (type === 'password') return 'password';
  if (typed) return 'typed';
  if (choices) return 'select';
  return { number: 'number', boolean: 'checkbox' }[typeof value] ?? 'text';
}

/**
 * @param form of the type
 * @param name of a property or credential
 * @param icon of Font Awesome; without one the label is wide
 * @param example that the empty input shows, where the catalogue has none for it
 * @param named the name whose texts it has
 */
function rowOf(form, name, icon, example, named = name) {
  const { defaults, credentials = {} } = form.definition;
  const property = defaults[name] ?? credentials[name];
  const key = textKey(named);
  const hasExample = property.type === 'password' ? form.hasOwn : form.say;
  const usual = name === 'baseUrl' ? form.definition.productionUrl : (property.value ?? '');
  return ROWS[kindOf(property)]({
    id: form.prefix + name,
    key,
    icon,
    choices: property.choices,
    unit: form.say(`${key}-unit`) && `${key}-unit`,
    example: hasExample(`${key}-example`)
      ? `data-i18n="[placeholder]${key}-example"`
      : `placeholder="${String(example || usual).replaceAll('"', '&quot;')}"`,
  });
}

/**
 * Writes a form out and puts its texts in: `scripts/forms.mjs` lists what may stand in it.
 * @param form of the type
 * @param html of its template
 */
function expandForm(form, html) {
  const { type, defaults, credentials = {}, keysPage } = form.definition;
  const part = (name) => $(`script[data-cn-verify-part="${name}"]`).html();
  const whole = html
    .replace(/<!-- include (\S+) -->/g, (_, name) => part(name))
    .replaceAll('{{type}}', type)
    .replaceAll('{{keysPage}}', linkHtml(keysPage));
  const named = new Set([...whole.matchAll(/<!-- row (\w+) /g)].map(([, name]) => name));
  const isSetting = ([name, { type: config, typed }]) =>
    name !== 'name' && name !== 'version' && !config && !typed && !defaults[name.replace(/Type$/, '')]?.typed;
  const others = Object.entries(defaults).filter((each) => isSetting(each) && !named.has(each[0]));
  const keys = Object.keys(credentials).filter((name) => !form.isNext(name));
  const variable = (name) =>
    `\${${`${type.replace(/-account$/, '')}_${name.replace(/[A-Z]/g, '_$&')}`.replaceAll('-', '_').toUpperCase()}}`;
  // What a twin is called stands above it: it is the next pair's.
  const keyRows = (nameOf) =>
    keys.map((name, index) =>
      rowOf(form, nameOf(name), index === 0 ? 'id-badge' : 'key', variable(nameOf(name)), name),
    );
  const rows = {
    'all other rows': () => others.map(([name]) => rowOf(form, name)),
    'rows for what may cost': () =>
      defaults.key ? [rowOf(form, 'key', 'key'), rowOf(form, 'reuse', 'history')] : [],
    'rows for what is about a person': () =>
      defaults.consent
        ? [rowOf(form, 'consent', 'check-square-o'), rowOf(form, 'guardianConsent', 'child')]
        : [],
    credentials: () => keyRows((name) => name),
    'next credentials': () => keyRows(nextOf),
  };
  const expanded = whole
    .replace(/<!-- row (\w+) (\S+)(?: (.+?))? -->/g, (_, name, icon, example) =>
      rowOf(form, name, icon, example),
    )
    .replace(
      /<!-- (all other rows|(?:next )?credentials|rows for what (?:may cost|is about a person)) -->/g,
      (_, which) => rows[which]().join(''),
    );
  const box = $('<div>').html(expanded);
  box.find('[data-i18n]').each(function () {
    const [, attribute, key] = /^(?:\[(.+)\])?(.+)$/.exec($(this).attr('data-i18n'));
    const text = form.say(key) ?? key;
    if (attribute) $(this).attr(attribute, text);
    else $(this).text(text);
    $(this).removeAttr('data-i18n');
  });
  return box.html();
}
