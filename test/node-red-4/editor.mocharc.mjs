// What of `npm run test:editor` may depend on the version of the editor: each form opens, the examples are imported and
// deployed, and somebody gets from an empty editor to a result, in each language.
export default {
  spec: ['by-hand', 'editor', 'examples'].map((file) => `dist/test/editor/${file}.test.js`),
  grep: /is that version|leads a newcomer|opens the form of|loses and changes no property|comes in whole|all are deployed/,
  timeout: 300_000,
  parallel: true,
  jobs: 2,
  failZero: true,
  forbidOnly: true,
  forbidPending: true,
  exit: true,
};
