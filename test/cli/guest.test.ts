import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { personalTenantId } from '../../local/entra/grants.ts';
import type { User } from '../../src/accounts/entra-ids.ts';
import { crm } from '../support/world.ts';
import { consentAs } from './browser-consent.ts';
import { commandLine } from './run.ts';

const tenantId = '7fe81447-da57-4385-becb-6de57f21477e';

const guests: readonly (readonly [what: string, id: string, home: User, here: User])[] = [
  [
    'of another organisation',
    'b2b',
    { tenantId: '0f2c6a1e-93d4-4f0b-8e57-2d1b7c9a4e66', objectId: '11111111-aaaa-4aaa-8aaa-000000000001' },
    { tenantId, objectId: '11111111-bbbb-4bbb-8bbb-000000000001' },
  ],
  [
    'with a personal account',
    'personal',
    { tenantId: personalTenantId, objectId: '00000000-0000-0000-aaaa-000000000002' },
    { tenantId, objectId: '22222222-bbbb-4bbb-8bbb-000000000002' },
  ],
];

const cli = commandLine(({ world }) => {
  for (const [, id, home, here] of guests) {
    const name = { displayName: id, userPrincipalName: `${id}@guests.example` };
    world.addUser({ ...name, ...home, guestIn: [here] });
    world.addAccount({ id, client: crm, consented: false });
  }
});

interface Shown {
  readonly state: string;
  readonly refreshToken: { readonly user: User; readonly signedInAs: User };
}

for (const [what, id, home, here] of guests) {
  describe(`a guest ${what}`, () => {
    const show = async () => (await cli.run(`account show ${id} --json`)).json<Shown>();

    test('named by the ids of the inviting tenant is refused: "user" means those at home', async () => {
      const named = `--user-tenant ${here.tenantId} --user-object-id ${here.objectId}`;
      assert.equal((await cli.run(`account update ${id} ${named}`)).exitCode, 0);
      const { exitCode, err } = await consentAs(cli, id, home);
      assert.equal(exitCode, 1);
      assert.match(err, /Another user signed in/);
    });

    test('consents once he is named by his sign-in name, and is pinned to his home', async () => {
      const line = `account update ${id} --unset user --login-hint ${id}@guests.example`;
      assert.equal((await cli.run(line)).exitCode, 0);
      assert.equal((await consentAs(cli, id, home)).exitCode, 0);
      const { user, signedInAs } = (await show()).refreshToken;
      assert.deepEqual([user, signedInAs], [{ ...home, ids: 'home' }, here]);
    });

    test('is shown with the ids that he signed in with beside the pin', async () => {
      const { out } = await cli.run(`account show ${id}`);
      const line = ({ objectId, tenantId: tenant }: User) => `object id ${objectId} in tenant ${tenant}`;
      assert.ok(out.includes(`\n  user: ${line(home)}\n  signed-in-as: ${line(here)}\n`), out);
    });

    test('keeps both through a refresh and another consent', async () => {
      assert.equal((await cli.run(`refresh ${id}`)).exitCode, 0);
      assert.deepEqual((await show()).refreshToken.signedInAs, here);
      assert.equal((await consentAs(cli, id, home)).exitCode, 0);
      const { state, refreshToken } = await show();
      assert.deepEqual(
        [state, refreshToken.user, refreshToken.signedInAs],
        ['healthy', { ...home, ids: 'home' }, here],
      );
    });
  });
}
