import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serviceLimits } from '../../../local/key-vault/sliding-window.ts';
import { VaultState, type VaultStateOptions } from '../../../local/key-vault/vault-state.ts';
import type { Sensitive } from '../../../src/sensitive.ts';
import { secret, stillClock } from './harness.ts';

function createState(options: Partial<VaultStateOptions> = {}) {
  const clock = stillClock();
  return { clock, state: new VaultState({ clock, ...options }) };
}

const values = (versions: readonly { value: Sensitive }[]) => versions.map(({ value }) => value.reveal());
const names = (page: { items: readonly { name: string }[] }) => page.items.map(({ name }) => name);

describe('versions', () => {
  test('a set makes a new version, and get gives the newest', () => {
    const { state } = createState();
    const first = state.set('colour', secret('red'));
    state.set('colour', secret('green'));
    assert.equal(state.get('colour').value.reveal(), 'green');
    assert.equal(state.get('colour', first.version).value.reveal(), 'red');
    assert.deepEqual(values(state.versionsOf('colour')), ['red', 'green']);
  });

  test('names are compared without regard to letter case and keep their first spelling', () => {
    const { state } = createState();
    state.set('Colour', secret('red'));
    state.set('COLOUR', secret('green'));
    assert.equal(state.get('colour').name, 'Colour');
    assert.equal(state.versionsOf('cOlOuR').length, 2);
  });

  test('times are whole seconds: two writes within one second look the same', () => {
    const { clock, state } = createState();
    const first = state.set('colour', secret('red'));
    clock.advance(999);
    assert.equal(state.set('colour', secret('green')).createdAt, first.createdAt);
    clock.advance(1);
    assert.equal(state.set('colour', secret('blue')).createdAt, first.createdAt + 1);
  });

  test('versions are listed in the order of their ids, not of their creation', () => {
    const ids = ['c', 'a', 'b'];
    const { state } = createState({ createVersionId: () => ids.shift() ?? '' });
    for (const value of ['1', '2', '3']) state.set('colour', secret(value));
    const listed = state.listVersions('colour').items;
    assert.deepEqual(
      listed.map(({ version }) => version),
      ['a', 'b', 'c'],
    );
    assert.equal(state.get('colour').version, 'b');
  });

  test('older versions are forgotten beyond the number that is kept', () => {
    const { state } = createState({ keptVersions: 2 });
    for (const value of ['1', '2', '3']) state.set('colour', secret(value));
    assert.deepEqual(values(state.versionsOf('colour')), ['2', '3']);
  });

  test('a disabled newest version is refused, also when an older one is enabled', () => {
    const { state } = createState();
    state.set('colour', secret('red'));
    state.set('colour', { ...secret('green'), enabled: false });
    assert.throws(() => state.get('colour'), { status: 403, code: 'Forbidden', innerCode: 'SecretDisabled' });
    assert.equal(state.find('colour')?.value.reveal(), 'green');
  });
});

describe('update', () => {
  const original = { ...secret('green'), contentType: 'text/plain', tags: { a: '1', b: '2' }, expiresAt: 5 };

  const rows = [
    { title: 'tags replace the whole map', change: { tags: { c: '3' } } },
    { title: 'an empty map takes all tags away', change: { tags: {} } },
    { title: 'enabled alone leaves the rest', change: { enabled: false } },
    { title: 'expiry alone leaves the rest', change: { expiresAt: 6 } },
    { title: 'nothing changes nothing', change: {} },
  ];
  for (const { title, change } of rows) {
    test(title, () => {
      const { clock, state } = createState();
      const { version, updatedAt } = state.set('colour', original);
      clock.advance(1000);
      const before = state.find('colour');
      state.update('colour', version, change);
      assert.deepEqual(state.find('colour'), { ...before, ...change, updatedAt: updatedAt + 1 });
      assert.equal(state.versionsOf('colour').length, 1);
    });
  }

  test('an empty version is the newest; an unknown version or name is not found', () => {
    const { state } = createState();
    state.set('colour', secret('red'));
    const newest = state.set('colour', secret('green'));
    assert.equal(state.update('colour', '', { enabled: false }).version, newest.version);
    assert.throws(() => state.update('colour', 'unknown', {}), { status: 404, code: 'SecretNotFound' });
    assert.throws(() => state.update('shape', '', {}), { status: 404, code: 'SecretNotFound' });
  });
});

describe('limits of a secret', () => {
  const badParameter = { status: 400, code: 'BadParameter' };
  const tags = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, '']));
  const rows = [
    { title: 'a name of 127 characters', fits: 'n'.repeat(127), tooMuch: 'n'.repeat(128) },
    { title: 'a name of letters, digits and hyphens', fits: 'A-z-09', tooMuch: 'a_b' },
    { title: 'a value of 25 KiB', fits: secret('v'.repeat(25_600)), tooMuch: secret('v'.repeat(25_601)) },
    {
      title: 'a content type of 255 characters',
      fits: { contentType: 'c'.repeat(255) },
      tooMuch: { contentType: 'c'.repeat(256) },
    },
    { title: '15 tags', fits: { tags: tags(15) }, tooMuch: { tags: tags(16) } },
    {
      title: 'a tag name of 512 characters',
      fits: { tags: { ['t'.repeat(512)]: '' } },
      tooMuch: { tags: { ['t'.repeat(513)]: '' } },
    },
    {
      title: 'a tag value of 512 characters',
      fits: { tags: { t: 'v'.repeat(512) } },
      tooMuch: { tags: { t: 'v'.repeat(513) } },
    },
  ];
  for (const { title, fits, tooMuch } of rows) {
    test(`${title} fits, more does not`, () => {
      const { state } = createState();
      const set = (given: string | object) =>
        typeof given === 'string'
          ? state.set(given, secret('v'))
          : state.set('colour', { ...secret('v'), ...given });
      set(fits);
      assert.throws(() => set(tooMuch), badParameter);
    });
  }
});

describe('listing', () => {
  test('shows the newest versions, disabled ones too, in the order of upper-case names', () => {
    const { state } = createState();
    for (const name of ['b', 'C', 'a-', 'a']) state.set(name, { ...secret(name), enabled: name !== 'b' });
    assert.deepEqual(names(state.list()), ['a', 'a-', 'b', 'C']);
  });

  test('a page holds 25 at most, and the last one has no successor', () => {
    const { state } = createState();
    for (let i = 0; i < 50; i++) state.set(`secret-${i}`, secret(''));
    const first = state.list();
    assert.equal(first.items.length, 25);
    const second = state.list(first.next, 100);
    assert.equal(second.items.length, 25);
    assert.equal(second.next, undefined);
  });

  test('a deleted secret leaves no gap in a page', () => {
    const { state } = createState();
    for (let i = 0; i < 26; i++) state.set(`secret-${i}`, secret(''));
    assert.equal(state.list().items.length, 25);
    state.delete('secret-0');
    const { items, next } = state.list();
    assert.equal(items.length, 25);
    assert.equal(next, undefined);
  });

  test('an empty page has a successor that goes on at the same place', () => {
    const { state } = createState({ pageSizes: (page) => page % 2 });
    for (const name of ['a', 'b']) state.set(name, secret(name));
    const pages = [state.list()];
    for (let next = pages[0]?.next; next !== undefined; next = pages.at(-1)?.next)
      pages.push(state.list(next));
    assert.deepEqual(pages.map(names), [[], ['a'], [], ['b']]);
  });

  test('a secret made or deleted between two pages moves no other', () => {
    const { state } = createState({ pageSizes: () => 2 });
    for (const name of ['b', 'c', 'd', 'e']) state.set(name, secret(name));
    const { next } = state.list();
    state.set('a', secret('a'));
    state.delete('b');
    assert.deepEqual(names(state.list(next)), ['d', 'e']);
  });
});

describe('the write limit', () => {
  const limit = { writeLimit: serviceLimits.writes, otherLimit: serviceLimits.otherRequests };
  const throttled = { status: 429, code: 'Throttled', message: /Reason: VaultRequestTypeLimitReached$/ };

  test('admits 300 writes in ten seconds and refuses the next', () => {
    const { clock, state } = createState(limit);
    for (let i = 0; i < 300; i++) state.admit('set');
    clock.advance(9999);
    assert.throws(() => state.admit('set'), throttled);
    clock.advance(1);
    state.admit('set');
  });

  test('the window slides: each write leaves it ten seconds after it was admitted', () => {
    const { clock, state } = createState(limit);
    for (let i = 0; i < 300; i++) {
      state.admit('set');
      if (i === 0) clock.advance(5000);
    }
    clock.advance(5000);
    state.admit('set');
    assert.throws(() => state.admit('set'), throttled);
  });

  test('refused writes do not count', () => {
    const { clock, state } = createState(limit);
    for (let i = 0; i < 300; i++) state.admit('set');
    for (let i = 0; i < 1000; i++) assert.throws(() => state.admit('set'), throttled);
    clock.advance(10_000);
    for (let i = 0; i < 300; i++) state.admit('set');
  });

  test('other requests have their own limit, and without a limit nothing is refused', () => {
    const { state } = createState(limit);
    for (let i = 0; i < 4000; i++) state.admit('get');
    assert.throws(() => state.admit('update'), throttled);
    state.admit('set');
    const unlimited = createState().state;
    for (let i = 0; i < 5000; i++) unlimited.admit('set');
  });
});
