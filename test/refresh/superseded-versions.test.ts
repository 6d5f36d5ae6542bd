import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { secretName } from '../../src/accounts/account-id.ts';
import { type RefreshTokenTags, refreshTokenWrite } from '../../src/accounts/refresh-token-secret.ts';
import { readRefreshToken } from '../../src/refresh/read-refresh-token.ts';
import { storeInsisting, storeYielding } from '../../src/refresh/rotation-writes.ts';
import { readCounting } from '../../src/refresh/superseded-versions.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { nowSeconds } from '../../src/time.ts';
import { TestWorld } from '../support/world.ts';

const name = secretName('refreshToken', 'a');

/** A version as a line tells it: the letters of other versions stand for their version ids. */
interface Version {
  readonly source: 'sweep' | 'consent';
  /** The attempt that brought it; a copy has that of what it is a copy of. */
  readonly attempt: string;
  /** Absent where the attempt began it. */
  readonly grant?: string;
  readonly from?: string;
  readonly supersededBy?: string;
  readonly replacedGrant?: string;
}
type Line = Readonly<Record<string, Version>>;

const write = (world: TestWorld, version: Version, ids: ReadonlyMap<string, string>) => {
  const { source, attempt, grant, from, supersededBy, replacedGrant } = version;
  const tags: RefreshTokenTags = {
    generation: 0,
    source,
    attemptId: attempt,
    ...(grant === undefined ? {} : { grantId: grant }),
    ...(from === undefined ? {} : { previousVersion: ids.get(from) ?? from }),
    ...(supersededBy === undefined ? {} : { supersededBy: ids.get(supersededBy) ?? supersededBy }),
    ...(replacedGrant === undefined ? {} : { replacedGrantId: replacedGrant }),
  };
  const life = { from: nowSeconds(world.clock), lifetimeSeconds: undefined, longestSeconds: 86_400 };
  return refreshTokenWrite(new Sensitive(`token of ${attempt}`), {}, tags, life);
};

/** Writes the versions in their order, and then the marks, which name later ones. */
function store(world: TestWorld, line: Line, ids = new Map<string, string>()): Map<string, string> {
  for (const [letter, version] of Object.entries(line))
    ids.set(letter, world.credentials.set(name, write(world, version, ids)).version);
  for (const [letter, version] of Object.entries(line)) {
    const { tags = {} } = write(world, version, ids);
    world.credentials.update(name, ids.get(letter) ?? '', { tags });
  }
  return ids;
}

const old = { source: 'sweep', attempt: 'old' } as const;
const consent = { source: 'consent', attempt: 'c', replacedGrant: 'old' } as const;
/** A rotation of the old grant that came late. */
const late = { source: 'sweep', attempt: 'late', grant: 'old' } as const;

describe('the refresh token that counts', () => {
  const rows: ReadonlyArray<readonly [sentence: string, counts: string, line: Line]> = [
    ['is the newest', 'B', { A: old, B: { ...late, from: 'A' } }],
    [
      'is a consent’s, where a late rotation of the grant that it replaced was written over it',
      'B',
      { A: { ...old, supersededBy: 'B' }, B: { ...consent, from: 'A' }, C: { ...late, from: 'A' } },
    ],
    [
      'is the rotation of a consent’s, where a late rotation of the grant before was written over both',
      'C',
      {
        A: { ...old, supersededBy: 'B' },
        B: { ...consent, from: 'A', supersededBy: 'C' },
        C: { source: 'sweep', attempt: 'rotated', grant: 'c', from: 'B' },
        D: { ...late, from: 'A' },
      },
    ],
    [
      'is what a consent has just stored, though a sweep it had not seen noted a rotation of what it replaced',
      'C',
      { A: { ...old, supersededBy: 'B' }, B: { ...late, from: 'A' }, C: { ...consent, from: 'A' } },
    ],
    [
      'is the rotation of a consent’s that lies under a copy of it',
      'C',
      {
        A: old,
        B: { ...consent, from: 'A', supersededBy: 'C' },
        C: { source: 'sweep', attempt: 'rotated', grant: 'c', from: 'B' },
        D: { ...consent, from: 'B' },
      },
    ],
    [
      'is the rotation of a consent’s that lies under a copy of a copy of it',
      'C',
      {
        A: old,
        B: { ...consent, from: 'A', supersededBy: 'C' },
        C: { source: 'sweep', attempt: 'rotated', grant: 'c', from: 'B' },
        D: { ...consent, from: 'B' },
        E: { ...consent, from: 'D' },
      },
    ],
    [
      'is a copy of a consent’s, where nobody has rotated that',
      'C',
      { A: { ...old, supersededBy: 'B' }, B: { ...consent, from: 'A' }, C: { ...consent, from: 'B' } },
    ],
  ];
  for (const [sentence, counts, line] of rows) {
    test(sentence, async () => {
      const world = new TestWorld();
      const ids = store(world, line);
      const { vault } = world.createEnvironment().credentials;
      const found = await world.clock.run(readCounting(vault, 'a', new Set()));
      assert.equal(found?.counting.version, ids.get(counts));
      assert.equal(found?.newest.version, ids.get(Object.keys(line).at(-1) ?? ''));
    });
  }
});

describe('a consent that finds an older grant’s rotation over its token', () => {
  /** The consent stores its token over A, and `line` is written while it waits for its second look. */
  async function consentOver(line: Line, duringSecondWrite: Line = {}): Promise<string[]> {
    const world = new TestWorld();
    const ids = store(world, { A: old });
    const environment = world.createEnvironment();
    const permit = await world.clock.run(environment.credentials.pacer.take());
    const token = { environment, account: 'a', write: write(world, { ...consent, from: 'A' }, ids), permit };
    const seen = async () => {
      await world.clock.sleep(1000);
      ids.set('consent', world.credentials.get(name).version);
      store(world, line, ids);
      const { vault } = environment.credentials;
      const get = vault.get.bind(vault);
      let looks = 0;
      // The look, the consent’s own version, the way back from the one that was found: then it is to be stored again.
      vault.get = async (...of) => {
        if (of[1] === undefined && ++looks === 2) store(world, duringSecondWrite, ids);
        return get(...of);
      };
    };
    await world.clock.run(Promise.all([storeInsisting(token, undefined), seen()]));
    return world.credentials.versionsOf(name).map(({ tags }) => tags['attempt-id'] ?? '');
  }

  test('stores it again', async () => {
    assert.deepEqual(await consentOver({ B: { ...late, from: 'A' } }), ['old', 'c', 'late', 'c']);
  });

  test('does not store it over a newer consent that came in that moment', async () => {
    const newer: Version = { source: 'consent', attempt: 'newer', from: 'B', replacedGrant: 'old' };
    assert.deepEqual(await consentOver({ B: { ...late, from: 'A' } }, { C: newer }), [
      'old',
      'c',
      'late',
      'newer',
    ]);
  });

  test('leaves its own grant’s rotation where it is', async () => {
    const rotated: Version = { source: 'sweep', attempt: 'rotated', grant: 'c', from: 'consent' };
    assert.deepEqual(await consentOver({ B: rotated }), ['old', 'c', 'rotated']);
  });
});

test('a late rotation yields to that of the consent in whose place its grant was, however old the consent is', async () => {
  const world = new TestWorld();
  const ids = store(world, { A: old, B: { ...consent, from: 'A' } });
  const later = (seconds: number, line: Line) => {
    world.clock.advanceTo(world.clock.nowMilliseconds() + seconds * 1000);
    store(world, line, ids);
  };
  later(2, { C: { ...late, from: 'A' } });
  const environment = world.createEnvironment();
  const redeemed = await readRefreshToken(environment.credentials.vault, name);
  assert.ok(redeemed);
  later(2, { D: { source: 'sweep', attempt: 'rotated', grant: 'c', from: 'B', replacedGrant: 'old' } });
  const ours: Version = { source: 'sweep', attempt: 'ours', grant: 'old', from: 'C' };
  const permit = await environment.credentials.pacer.take();
  const token = { environment, account: 'a', write: write(world, ours, ids), permit };
  const { kind } = await world.clock.run(storeYielding(token, { redeemed, newest: redeemed }));
  assert.equal(kind, 'superseded');
  assert.equal(world.credentials.get(name).version, ids.get('D'));
});

describe('a sweep whose write was slow', () => {
  /** It rotates `redeemed`; `after` is written once its own write is done, and before it looks who came over it. */
  async function rotateSlowly(before: Line, [redeemed, newest]: readonly [string, string], after: Line) {
    const world = new TestWorld();
    const ids = store(world, before);
    const environment = world.createEnvironment();
    const { vault, pacer } = environment.credentials;
    const read = (letter: string) => world.clock.run(readRefreshToken(vault, name, ids.get(letter)));
    const origin = { redeemed: await read(redeemed), newest: await read(newest) };
    assert.ok(origin.redeemed && origin.newest);
    const { attempt, grant = attempt } = before[redeemed] ?? { attempt: '' };
    const ours: Version = { source: 'sweep', attempt: 'ours', grant, from: redeemed };
    const token = { environment, account: 'a', write: write(world, ours, ids), permit: await pacer.take() };
    const set = vault.set.bind(vault);
    vault.set = async (...of) => {
      const version = await set(...of);
      ids.set('ours', version);
      await world.clock.sleep(1500);
      store(world, after, ids);
      const over = { ...before[newest], supersededBy: Object.keys(after)[0] } as Version;
      const { tags = {} } = write(world, over, ids);
      world.credentials.update(name, ids.get(newest) ?? '', { tags });
      return version;
    };
    const { kind } = await world.clock.run(
      storeYielding(token, { redeemed: origin.redeemed, newest: origin.newest }),
    );
    const marks = world.credentials
      .versionsOf(name)
      .map(({ version, tags }) => [version, tags['superseded-by']]);
    return {
      kind,
      ids,
      markOf: (letter: string) => new Map(marks as [string, string][]).get(ids.get(letter) ?? ''),
    };
  }

  test('leaves its mark where a copy of what it redeemed came over it: that is spent', async () => {
    const before = { A: old, B: { ...consent, from: 'A' }, C: { ...late, from: 'A' } } as const;
    const { kind, ids, markOf } = await rotateSlowly(before, ['B', 'C'], { D: { ...consent, from: 'B' } });
    assert.equal(kind, 'superseded');
    assert.equal(markOf('B'), ids.get('ours'));
  });

  test('leaves the mark of a consent that came over it', async () => {
    const { kind, ids, markOf } = await rotateSlowly({ A: old }, ['A', 'A'], {
      B: { ...consent, from: 'A' },
    });
    assert.equal(kind, 'superseded');
    assert.equal(markOf('A'), ids.get('B'));
  });
});
