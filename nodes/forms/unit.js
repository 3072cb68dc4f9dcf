/**
 * A number stands in the node in the runtime's unit; who fills the form in may think in another.
 * @param input of the setting
 * @param node whose form is open
 * @param name of the setting
 * @param units each its word, and how many of the runtime's unit it is; that one first
 */
function pickUnit(input, node, name, units) {
  const stored = input.hide();
  const { label } = node._def.defaults[name];
  const amount = $('<input type="text" autocomplete="off" spellcheck="false" style="width: 90px">')
    .attr({ 'aria-label': label, placeholder: stored.attr('placeholder') })
    .insertAfter(stored);
  const unit = $('<select style="width: auto; margin-left: 4px">').insertAfter(amount);
  for (const [word, factor] of units) unit.append($('<option>').val(factor).text(word));
  const given = stored.val();
  const isNumber = !empty(given) && Number.isFinite(Number(given));
  const whole = units.findLast(([, factor]) => Number(given) % factor === 0);
  const [, factor] = (isNumber && Number(given) > 0 && whole) || units[0];
  unit.val(factor);
  amount.val(isNumber ? Number(given) / factor : given);
  const store = () => {
    const value = amount.val().trim();
    // A variable holds the runtime's unit, and what is no number is for the check to say.
    const isAmount = value !== '' && Number.isFinite(Number(value));
    unit.prop('disabled', isVariable(value));
    stored.val(isAmount ? Number((Number(value) * unit.val()).toFixed(6)) : value).trigger('change');
  };
  amount.on('input change', store);
  unit.on('change', store);
  // What is wrong is shown at the field that is seen.
  const judge = () => {
    const { validate } = node._def.defaults[name];
    const problem = validate.call(node, stored.val(), { label });
    amount.toggleClass('input-error', problem !== true).attr('title', problem === true ? '' : problem);
  };
  stored.on('change', judge);
  judge();
  unit.prop('disabled', isVariable(given));
}
