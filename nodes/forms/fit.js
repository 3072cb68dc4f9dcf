/** How small a photo is to be made concerns only who has it made smaller. */
function prepareFit() {
  input('fit').on('change', () =>
    input('maxPhotoKB').closest('.form-row').toggle(input('fit').is(':checked')),
  );
}
