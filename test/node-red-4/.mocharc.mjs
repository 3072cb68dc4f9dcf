// What of `npm test` may depend on the version of Node-RED. How an answer or an input is read does not.
import all from '../.mocharc.mjs';

const NOT_OF_NODE_RED = [
  ...['answers', 'any-answer', 'cases', 'charged', 'errors', 'face-compare', 'get-token', 'hostile'],
  ...['hostile-time', 'inputs', 'verdicts', 'westdex-three'],
];

export default {
  ...all,
  spec: ['flows/**/*', 'examples'].map((files) => `dist/test/${files}.test.js`),
  ignore: NOT_OF_NODE_RED.map((name) => `dist/test/flows/${name}.test.js`),
};
