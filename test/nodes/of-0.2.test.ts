/**
 * What 0.2's examples set in their nodes goes on to mean what it meant: no property was renamed or removed since, so no node needs
 * a `migrate`. Whoever makes the first change that turns this red writes one: CONTRIBUTING.md, "A property that is renamed or removed".
 */
import assert from 'node:assert/strict';
import { define } from './form';
import nodes from './of-0.2.json';

describe("a node of 0.2's examples", () => {
  for (const [type, properties] of Object.entries(nodes))
    it(`of type ${type} has no property that is unknown now, and no value that is refused`, () => {
      const { defaults } = define(type);
      for (const [name, values] of Object.entries(properties as Record<string, unknown[]>)) {
        const known = defaults[name];
        assert.ok(known, name);
        const { min, max, choices } = known;
        for (const value of values) {
          if (min !== undefined && value !== '') assert.ok(Number(value) >= min, name);
          if (max !== undefined && value !== '') assert.ok(Number(value) <= max, name);
          if (choices && !known.typed) assert.ok(choices.map(String).includes(String(value)), name);
        }
      }
    });
});
