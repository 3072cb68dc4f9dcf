/**
 * The runtime tests the node as it is deployed: what stands in the form is not sent.
 * @param type of the node
 * @param node of the form
 * @param url to ask
 * @param after what else is updated then
 */
function prepareTest(type, node, url, after = () => {}) {
  const button = $(`#${type}-test`);
  const result = $(`#${type}-test-result`);
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
      url,
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
    after(node);
  }
}
