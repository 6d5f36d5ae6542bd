import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { definedTags, mergeTags, tagValue } from '../../src/accounts/secret.ts';
import { fitsVault, foreignTags } from './tags.ts';

const owned = new Set(['ours', 'ours-too']);

describe("a tag's value", () => {
  test('of 512 characters is kept', () => assert.equal(tagValue('v'.repeat(512)), 'v'.repeat(512)));
  test('of 513 characters is cut to 512, visibly', () => {
    assert.equal(tagValue('v'.repeat(513)), `${'v'.repeat(511)}…`);
  });
});

describe('defined tags', () => {
  test('leave out what is undefined and keep what is empty', () => {
    assert.deepEqual(definedTags({ a: undefined, b: '', c: 'c' }), { b: '', c: 'c' });
  });
});

describe('merged tags', () => {
  test('keep foreign tags and drop our former ones', () => {
    assert.deepEqual(mergeTags({ theirs: '1', ours: 'old', 'ours-too': 'old' }, owned, { ours: 'new' }), {
      theirs: '1',
      ours: 'new',
    });
  });

  test('keep 14 foreign tags beside one of ours, and not the 15th', () => {
    const theirs = Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`their-${index}`, '']));
    const merged = Object.keys(mergeTags(theirs, owned, { ours: '' }));
    assert.deepEqual(merged, [...Object.keys(theirs).slice(0, 14), 'ours']);
  });

  test('always hold all of ours and never more than 15', () => {
    fc.assert(
      fc.property(foreignTags(), fc.dictionary(fc.constantFrom(...owned), fc.string()), (present, ours) => {
        const merged = mergeTags(present, owned, ours);
        assert.ok(fitsVault(merged));
        for (const [name, value] of Object.entries(ours)) assert.equal(merged[name], value);
        const kept = Object.keys(merged).filter((name) => !owned.has(name));
        assert.equal(kept.length, Math.min(Object.keys(present).length, 15 - Object.keys(ours).length));
        for (const name of kept) assert.equal(merged[name], present[name]);
      }),
    );
  });
});
