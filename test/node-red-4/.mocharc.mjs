// What of `npm test` may depend on the version of Node-RED. How an answer or an input is read does not.
import all from '../.mocharc.mjs';

const NOT_OF_NODE_RED = ['any-answer', 'answers', 'cases', 'hostile', 'hostile-time', 'inputs', 'verdicts'];

export default {
  ...all,
  spec: ['flows/**/*', 'examples'].map((files) => `dist/test/${files}.test.js`),
  ignore: NOT_OF_NODE_RED.map((name) => `dist/test/flows/${name}.test.js`),
};
