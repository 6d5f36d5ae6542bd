import { nowSeconds, secondsPerDay } from '../src/time.ts';
import { aadsts, tooManyRequests } from './entra/entra-faults.ts';
import { personalTenantId } from './entra/grants.ts';
import type { LocalWorld } from './local-world.ts';
import type { SampleAccount, SampleClient, SeededAccount } from './samples.ts';

const crm: SampleClient = {
  clientId: '6731de76-14a6-49ae-97bc-6eba6914391e',
  secretName: 'client-secret-crm',
};
const ads: SampleClient = {
  clientId: '2d4d11a2-f814-46a7-890a-274a72a7309e',
  secretName: 'client-secret-ads',
};
const hr: SampleClient = { clientId: '9ada6f8a-6d83-41bc-b169-a306c21527a5', secretName: 'client-secret-hr' };
const mail: SampleClient = {
  clientId: 'c44b4083-3bb0-49c1-b47d-974e53cbdf3c',
  secretName: 'client-secret-mail',
};

const adsScopes = ['https://ads.microsoft.com/msads.manage'];
const busyTenant = '295e01fc-0c56-4ac3-ac57-5d0ed568f872';

const adele = { displayName: 'Adele Vance', userPrincipalName: 'adele.vance@contoso.example' };
const lee = { displayName: 'Lee Gu', userPrincipalName: 'lee.gu@contoso.example' };
/** Owns no account: the wrong one to pick. */
const jordan = {
  displayName: 'Jordan Miller',
  userPrincipalName: 'jordan.miller@outlook.example',
  tenantId: personalTenantId,
};

/** A day in the life: healthy ones, and one of each kind of trouble. */
const samples: readonly SampleAccount[] = [
  { id: 'ads-emea', client: ads, scopes: adsScopes, owner: 'team-ads', accessTokenMinutesLeft: 74 },
  { id: 'ads-apac', client: ads, scopes: adsScopes, owner: 'team-ads', accessTokenMinutesLeft: 22 },
  { id: 'ads-latam', client: ads, scopes: adsScopes, owner: 'team-ads', accessTokenMinutesLeft: -15 },
  { id: 'erp-v1', client: crm, resource: 'https://service.contoso.com/', owner: 'team-erp' },
  { id: 'crm-new', client: crm, owner: 'team-crm', consented: false, name: adele },
  { id: 'crm-left', client: crm, owner: 'team-crm', accessTokenMinutesLeft: 18, name: lee },
  { id: 'crm-flaky', client: crm, owner: 'team-crm', accessTokenMinutesLeft: 25 },
  {
    id: 'crm-typo',
    client: crm,
    registration:
      '{"tenant":"contoso.com","clientId":"6731de76-14a6-49ae-97bc-6eba6914391e","scope":"User.Read"}',
  },
  { id: 'crm-paused', client: crm, owner: 'team-crm', paused: true },
  { id: 'hr-report', client: hr, owner: 'team-hr', accessTokenMinutesLeft: 30 },
  { id: 'hr-sync', client: hr, owner: 'team-hr', accessTokenMinutesLeft: 12 },
  { id: 'mail-blocked', client: mail, owner: 'team-mail', accessTokenMinutesLeft: 20 },
  { id: 'mail-busy', client: mail, tenant: busyTenant, owner: 'team-mail', accessTokenMinutesLeft: 20 },
];

/** Seeds the sample accounts and puts their troubles upon Entra. */
export function seedSampleAccounts(world: LocalWorld): ReadonlyMap<string, SeededAccount> {
  const secretExpiresAt = nowSeconds(world.clock) + 180 * secondsPerDay;
  for (const client of [ads, crm, hr, mail]) world.addClient({ ...client, secretExpiresAt });
  const seeded = new Map(samples.map((sample) => [sample.id, world.addAccount(sample)]));
  world.addUser(jordan);
  const userOf = (id: string) => ({ user: seeded.get(id)?.user ?? { tenantId: '', objectId: '' } });
  world.entra.revoke(userOf('crm-left'));
  world.entra.expireSecret(hr.clientId);
  world.entraFaults.add({
    match: userOf('mail-blocked'),
    answer: aadsts(53003, { suberror: 'message_only' }),
  });
  world.entraFaults.add({ match: { tenant: busyTenant }, times: 2, ...tooManyRequests(20) });
  world.entraFaults.add({ match: userOf('crm-flaky'), times: 1, answer: aadsts(70000) });
  return seeded;
}

/** What people did about it before the second sweep: the user consented again, the secret was renewed. */
export function mendSampleAccounts(world: LocalWorld, seeded: ReadonlyMap<string, SeededAccount>): string[] {
  const left = seeded.get('crm-left');
  const sample = samples.find(({ id }) => id === 'crm-left');
  if (left !== undefined && sample !== undefined) {
    world.storeRefreshToken(
      'crm-left',
      world.consent(sample, left.user),
      left.user,
      'consent',
      'second-consent',
    );
  }
  world.renewClientSecret(hr);
  return ['the user of crm-left consented again', `the client secret in "${hr.secretName}" was renewed`];
}
