import fc from 'fast-check';
import { maximumTagCharacters, maximumTags, type Tags } from '../../src/accounts/secret.ts';

/** Tags that somebody else put on a secret; their names meet none of ours. */
export const foreignTags = (most = 20): fc.Arbitrary<Tags> =>
  fc.dictionary(
    fc.stringMatching(/^[a-z]{1,12}$/).map((name) => `their-${name}`),
    fc.string(),
    { maxKeys: most },
  );

/** What a human may write over our tags. */
export const brokenValue = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.json(),
  fc.constantFrom('', ' ', ...'NaN Infinity -1 0 1e300 9007199254740993 0x10 null {} []'.split(' ')),
);

/** Whatever stands in tags of these names, `look` may look at what is read of them. */
export function forBrokenTags(names: readonly string[], look: (tags: Tags) => void): void {
  fc.assert(fc.property(fc.dictionary(fc.constantFrom(...names), brokenValue), look), { numRuns: 500 });
}

/** True for a tag map that Key Vault takes. */
export function fitsVault(tags: Tags): boolean {
  const values = Object.values(tags);
  return values.length <= maximumTags && values.every((value) => value.length <= maximumTagCharacters);
}
