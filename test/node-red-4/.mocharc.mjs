// What of `npm test` has a Node-RED in it.
import all from '../.mocharc.mjs';

export default {
  ...all,
  spec: ['flows/**/*', 'nodes/**/*', 'demo', 'examples', 'pack'].map((files) => `dist/test/${files}.test.js`),
};
