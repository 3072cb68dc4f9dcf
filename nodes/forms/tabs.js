/**
 * The tabs of a form, as those of core's mqtt-broker: each part with `data-tab` is one.
 * @param form whose dialog is open
 */
function prepareTabs({ input, say }) {
  const parts = input('name').closest('form').find('[data-tab]');
  if (parts.length === 0) return;
  const list = $('<ul>');
  $('<div class="form-row" style="margin-bottom: 16px">').append(list).insertBefore(parts.first());
  const tabs = RED.tabs.create({
    element: list,
    onchange: ({ id }) => parts.hide().filter(`[data-tab="${id}"]`).show(),
  });
  for (const { dataset } of parts.toArray())
    tabs.addTab({ id: dataset.tab, label: say(`form.tab-${dataset.tab}`) });
  tabs.activateTab(parts.first().data('tab'));
  const mark = () =>
    parts.each((at, part) => {
      const isWrong = $(part).find('.input-error').length > 0;
      list
        .children('.red-ui-tab')
        .eq(at)
        .find('span')
        .css('color', isWrong ? 'var(--red-ui-text-color-error)' : '');
    });
  list.closest('form').on('change keyup', mark);
  // As wide as the dialog is once it is there, and once its fields have been checked.
  setTimeout(() => {
    tabs.resize();
    mark();
  }, 60);
}
