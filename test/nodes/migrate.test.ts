/** What a node was deployed with goes on to mean what it meant, whatever version of this package wrote it. */
import assert from 'node:assert/strict';
import { MIGRATIONS, type Migration, migrate, versionOf } from '../../src/node-red/runner/migrate';
import { define } from './form';
import nodes from './of-0.2.json';

describe("a node of 0.2's examples", () => {
  for (const [type, properties] of Object.entries(nodes))
    it(`of type ${type} has no property that is unknown now, and no value that is refused`, () => {
      const { defaults } = define(type);
      for (const [name, values] of Object.entries(properties as Record<string, unknown[]>))
        for (const value of values) {
          const migrated = migrate({ id: 'a', type, [name]: value });
          for (const [name, value] of Object.entries(migrated).filter(
            ([name]) => !/^(id|type)$/.test(name),
          )) {
            const known = defaults[name];
            assert.ok(known, name);
            const { min, max, choices } = known;
            if (min !== undefined && value !== '') assert.ok(Number(value) >= min, name);
            if (max !== undefined && value !== '') assert.ok(Number(value) <= max, name);
            if (choices && !known.typed) assert.ok(choices.map(String).includes(String(value)), name);
          }
        }
    });
});

describe('migrate', () => {
  const migrations: Migration[] = [
    ({ seconds, ...others }) => ({ ...others, timeout: Number(seconds) * 1000 }),
    ({ timeout, ...others }) => ({ ...others, wait: timeout }),
  ];
  const of = (config: object) => migrate({ id: 'a', type: 'truth-create', ...config }, migrations);

  it('takes a node of 0.2, which has no version, through all migrations', () => {
    assert.deepEqual(of({ seconds: '3' }), { id: 'a', type: 'truth-create', wait: 3000 });
  });

  for (const version of [0, ''])
    it(`takes a node with the version ${JSON.stringify(version)}, which is no version, through all migrations`, () => {
      assert.equal(of({ version, seconds: '3' }).wait, 3000);
    });

  it('takes a node through those migrations alone that came after its version', () => {
    const { wait } = of({ version: 2, timeout: 3000 });
    assert.equal(wait, 3000);
  });

  it('leaves a node of the current version, and of a later one, as it is', () => {
    for (const version of [3, 4]) assert.deepEqual(of({ version, seconds: 3 }).seconds, 3);
  });

  for (const type of [...Object.keys(nodes), ...Object.keys(MIGRATIONS)])
    it(`has a form of ${type} that saves its version`, () => {
      assert.equal(define(type).version, versionOf(type));
    });
});
