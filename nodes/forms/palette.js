/**
 * Search and quick-add look at this and at the type only. Node-RED puts spaces around a label's hyphens, but not
 * around this one; what is too long for one line breaks there at the space, which has no place in a title.
 */
function paletteLabel() {
  const inPalette = $('.red-ui-palette-node[data-palette-type="{{type}}"]').length > 0;
  const isLong = '{{type}}'.indexOf('-') > 6;
  return `${RED._(`${NAMESPACE}label.palette`)} ${'{{type}}'.replace('-', isLong && !inPalette ? '\u2011 ' : '\u2011')}`;
}
