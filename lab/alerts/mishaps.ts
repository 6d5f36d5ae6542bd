import {
  aadsts,
  type EntraFault,
  serviceUnavailable,
  tooManyRequests,
} from '../../local/entra/entra-faults.ts';
import type { VaultFaults } from '../../local/key-vault/vault-faults.ts';
import type { VaultWireOperation } from '../../local/key-vault/vault-request.ts';
import type { LocalWorld } from '../../local/local-world.ts';
import type { SampleAccount, SampleClient, SeededAccount } from '../../local/samples.ts';
import { secretName } from '../../src/accounts/account-id.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { secondsPerMinute } from '../../src/time.ts';

/** Ends a mishap, as people or time do. */
export type Mend = () => void;

/** An account with everything that was made for it. */
export interface WorldAccount {
  readonly sample: SampleAccount;
  readonly seeded: SeededAccount;
}

/** Adds an account to a world and keeps what it was made of. */
export function addWorldAccount(world: LocalWorld, sample: SampleAccount): WorldAccount {
  return { sample, seeded: world.addAccount(sample) };
}

/** The user's grants end; mended by a new consent of the user. */
export function loseGrant(world: LocalWorld, { sample, seeded }: WorldAccount, code = 50173): Mend {
  world.entra.revoke({ user: seeded.user }, code);
  return () => {
    const token = world.consent(sample, seeded.user);
    world.storeRefreshToken(sample.id, token, seeded.user, 'consent', `consent-${token.slice(-12)}`);
  };
}

/** Entra takes the client's secret no more; mended by a new one with the given end. */
export function endClientSecret(world: LocalWorld, client: SampleClient, nextEnd?: number): Mend {
  world.entra.expireSecret(client.clientId);
  return () => renewClientSecret(world, client, nextEnd);
}

/** Stores a new secret; `expiresAt` in seconds since 1970, default: no end, and none noted. */
export function renewClientSecret(world: LocalWorld, client: SampleClient, expiresAt?: number): void {
  const { secretExpiresAt: _, ...rest } = client;
  world.renewClientSecret(expiresAt === undefined ? rest : { ...rest, secretExpiresAt: expiresAt });
}

/** Conditional Access blocks the user; mended by an administrator. */
export function blockByPolicy(world: LocalWorld, { seeded }: WorldAccount): Mend {
  return world.entraFaults.add({
    match: { user: seeded.user },
    answer: aadsts(53003, { suberror: 'message_only' }),
  });
}

/** Somebody rewrites the registration with a slip in it; mended by writing the right one. */
export function breakRegistration(world: LocalWorld, { sample }: WorldAccount): Mend {
  return rewriteRegistration(world, sample, (right) => right.replace('"tenant"', '"tennant"'));
}

/** Somebody gives the account another client, whose grant it does not have; mended by the one before. */
export function changeClient(world: LocalWorld, { sample }: WorldAccount, to: SampleClient): Mend {
  const { clientId } = sample.client;
  return rewriteRegistration(world, sample, (right) => right.replace(clientId, to.clientId));
}

function rewriteRegistration(
  world: LocalWorld,
  { id }: SampleAccount,
  wrong: (right: string) => string,
): Mend {
  const name = secretName('registration', id);
  const right = world.credentials.versionsOf(name).at(-1)?.value.reveal() ?? '';
  const contentType = 'application/vnd.token-refresher.account+json';
  const write = (value: string) => {
    world.credentials.set(name, { value: new Sensitive(value), contentType });
  };
  write(wrong(right));
  return () => write(right);
}

const outages = {
  '5xx': serviceUnavailable(),
  timeouts: { network: 'hang' },
  '429': tooManyRequests(5 * secondsPerMinute),
} as const satisfies Record<string, EntraFault>;

/** Entra serves nobody, or one user only; mended by time. */
export function failProvider(world: LocalWorld, kind: keyof typeof outages, only?: WorldAccount): Mend {
  const match = only === undefined ? {} : { match: { user: only.seeded.user } };
  return world.entraFaults.add({ ...outages[kind], ...match });
}

/** Entra answers late; mended by time. */
export function slowProvider(world: LocalWorld, delayMilliseconds: number): Mend {
  return world.entraFaults.add({ delayMilliseconds });
}

/** Redemptions succeed without a new refresh token; mended by whoever runs the token service. */
export function withholdRotation(
  world: LocalWorld,
  { seeded }: WorldAccount,
  onRedemption: () => void = () => {},
): Mend {
  return world.entraFaults.add({
    match: { user: seeded.user },
    withholdsRefreshToken: true,
    before: onRedemption,
  });
}

/** The app's role at a vault is gone, or lacks some operations; mended by assigning it again. */
export function forbidVault(
  faults: VaultFaults,
  operations: readonly VaultWireOperation[] = ['list', 'get', 'set', 'update'],
): Mend {
  for (const operation of operations) faults.denied.add(operation);
  return () => faults.denied.clear();
}

/** A vault is served by its paired region; mended by time. */
export function failOverVault(faults: VaultFaults): Mend {
  faults.readOnly = true;
  return () => {
    faults.readOnly = false;
  };
}

/** A vault answers everything with 429; mended by time. */
export function throttleVault(faults: VaultFaults): Mend {
  const fault = faults.add({ behaviour: { kind: 'throttle' } });
  return () => fault.remove();
}

/** The vault refuses new versions of one account's refresh token; mended by whoever made that rule. */
export function refuseRefreshToken(world: LocalWorld, { sample }: WorldAccount): Mend {
  const fault = world.credentialsFaults.add({
    operation: 'set',
    name: secretName('refreshToken', sample.id),
    behaviour: { kind: 'status', status: 400, code: 'BadParameter' },
  });
  return () => fault.remove();
}
