/** The node in the editor that stands for one in the runtime: in a subflow, the ids of its instances come before its own. */
function inEditor(id) {
  const parts = id.split('-');
  while (parts.length > 0) {
    const found = RED.nodes.node(parts.join('-'));
    if (found) return found;
    parts.shift();
  }
  return null;
}

/** @param change is called once somebody has read `text` and wants it. */
function whenSure(text, keep, go, change) {
  const notification = RED.notify(text, {
    type: 'warning',
    modal: true,
    fixed: true,
    buttons: [
      { text: keep, click: () => notification.close() },
      {
        text: go,
        class: 'primary',
        click: () => {
          notification.close();
          change();
        },
      },
    ],
  });
}

/**
 * What waits for a node, as the runtime lists it, with what can be done about it.
 * @param now Unix milliseconds, by the clock of the runtime
 * @param say gives the texts of the forms
 * @param changed is called once something was done
 */
function tasksRow({ node, running, count, oldest, nextQuery }, now, say, changed) {
  const values = { node, count, oldest: lasted(now - oldest, say), next: lasted(nextQuery - now, say) };
  const isLost = !running && !inEditor(node);
  let text = say('form.tasks-own', values);
  if (!running) text = say('form.tasks-resting', values);
  if (isLost) text = say('form.tasks-lost', values);
  const row = $(
    '<div style="display: flex; flex-wrap: wrap; align-items: center; gap: 8px; line-height: 30px">',
  )
    .attr('data-node', node)
    .append($('<span>').text(text));
  const button = (action, label) =>
    $('<button type="button" class="red-ui-button red-ui-button-small">')
      .attr({ 'data-action': action, 'data-focus': `${action} ${node}` })
      .text(label)
      .appendTo(row);
  const request = (method, path) => $.ajax({ method, url: `cn-verify/tasks/${path}` }).always(changed);
  if (running) {
    button('ask', say('form.tasks-ask')).on('click', () =>
      request('POST', `${encodeURIComponent(node)}/ask`),
    );
  }
  button('drop', say('form.tasks-drop')).on('click', () => {
    const sure = say('form.tasks-drop-sure', { count });
    whenSure(sure, say('form.tasks-keep'), say('form.tasks-drop'), () =>
      request('DELETE', encodeURIComponent(node)),
    );
  });
  return row;
}

function lasted(milliseconds, say) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return say('form.seconds-long', { count: seconds });
  if (seconds < 7200) return say('form.minutes-long', { count: Math.round(seconds / 60) });
  return say('form.hours-long', { count: Math.round(seconds / 3600) });
}
