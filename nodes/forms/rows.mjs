/**
 * The rows of the forms, by kind; scripts/forms.mjs puts one wherever a form says `<!-- row name icon example -->`.
 * `id` is the input's, `key` its texts' in the catalogue, `unit` and `example` may be empty. A row without an icon
 * has a wide label.
 */
const label = ({ id, key, icon }) =>
  icon
    ? `<label for="${id}"><i class="fa fa-${icon}"></i> <span data-i18n="${key}"></span></label>`
    : `<label for="${id}" style="width: 190px" data-i18n="${key}"></label>`;
const input = ({ id, example }, style = '70%', type = 'text') =>
  `<input type="${type}" id="${id}" ${example} autocomplete="${type === 'text' ? 'off' : 'new-password'}" spellcheck="false" style="width: ${style}">`;
const row = (content) => `<div class="form-row">\n    ${content.join('\n    ')}\n  </div>`;

export const ROWS = {
  text: (of) => row([label(of), input(of)]),
  password: (of) => row([label(of), input(of, '70%', 'password')]),
  number: (of) =>
    row([label(of), input(of, '90px') + (of.unit ? ` <span data-i18n="${of.unit}"></span>` : '')]),
  typed: (of) =>
    row([
      label(of),
      input(of),
      `<input type="hidden" id="${of.id}Type">`,
      ...(of.choices.length > 0 ? [`<datalist>${options(of)}</datalist>`] : []),
      ...(of.unit ? [`<div style="margin: 2px 0 0 104px" data-i18n="${of.unit}"></div>`] : []),
    ]),
  select: (of) => row([label(of), `<select id="${of.id}" style="width: 70%">${options(of)}</select>`]),
  checkbox: (of) =>
    row([
      `<input type="checkbox" id="${of.id}" style="width: auto; margin: 0 4px 2px ${of.icon ? '104px' : '0'}">`,
      `<label for="${of.id}" style="width: 65%" data-i18n="${of.key}"></label>`,
    ]),
};

function options({ key, choices }) {
  return choices.map((choice) => `<option value="${choice}" data-i18n="${key}-${choice}"></option>`).join('');
}
