import type { Account } from '../../accounts/account.ts';
import { secretName } from '../../accounts/account-id.ts';
import type { ListedSecret } from '../../accounts/secret.ts';
import { isoTime } from '../../time.ts';
import { findAccount } from '../accounts.ts';
import { confirmed } from '../prompts.ts';
import { exitCodes, type Result, usageError } from '../result.ts';
import type { AccountOptions, Session } from '../session.ts';
import { patchNewest } from '../vault-writes.ts';

function registrationOf({ id, registration }: Account): ListedSecret {
  if (registration !== undefined) return registration;
  throw usageError(
    `"${id}" has tokens and no registration.`,
    'Register it with account add, or delete its secrets with account remove --delete.',
  );
}

const setEnabled = ({ environment }: Session, secret: Held, enabled: boolean): Promise<void> =>
  patchNewest(environment[secret.vault], environment.clock, secret.name, { enabled });

/** Leaves the account alone from the next sweep on. */
export async function pause(session: Session, options: AccountOptions): Promise<Result> {
  const { account: id } = options;
  const { enabled } = registrationOf(await findAccount(session, id));
  if (enabled)
    await setEnabled(session, { vault: 'credentials', name: secretName('registration', id) }, false);
  const text = enabled
    ? `"${id}" is paused: no sweep refreshes it. Its access token stays until it ends.`
    : `"${id}" was paused already.`;
  return { exitCode: exitCodes.fine, json: { account: id, paused: true, changed: enabled }, text };
}

/** A secret of an account, and the vault that holds it. */
interface Held {
  readonly vault: 'credentials' | 'tokens';
  readonly name: string;
}

/** What of an account is there, the registration first: whoever loses it is left alone by sweeps. */
function heldSecrets(account: Account): (Held & { secret: ListedSecret })[] {
  const { registration, refreshToken } = account;
  const found = [
    { vault: 'credentials' as const, secret: registration },
    { vault: 'credentials' as const, secret: refreshToken },
    ...[...account.accessTokens.values()].map((secret) => ({ vault: 'tokens' as const, secret })),
  ];
  return found.flatMap(({ vault, secret }) =>
    secret === undefined ? [] : [{ vault, secret, name: secret.name }],
  );
}

/** Ends a pause, and what `remove` did: the registration is enabled last, when the refresh token is readable again. */
export async function resume(session: Session, options: AccountOptions): Promise<Result> {
  const { account: id } = options;
  const account = await findAccount(session, id);
  registrationOf(account);
  // A disabled access token is published anew by the next sweep.
  const disabled = heldSecrets(account).filter(
    ({ vault, secret }) => vault === 'credentials' && !secret.enabled,
  );
  for (const secret of disabled.reverse()) await setEnabled(session, secret, true);
  const names = disabled.map(({ name }) => name);
  const text =
    names.length === 0 ? `"${id}" was not paused.` : `"${id}" is resumed. Enabled: ${names.join(', ')}.`;
  return { exitCode: exitCodes.fine, json: { account: id, paused: false, enabled: names }, text };
}

/** What goes with an account, in words for the one who is about to remove it. */
function losses(account: Account): string[] {
  const { registration, refreshToken } = account;
  const { generation, user } = refreshToken ?? {};
  const who = user === undefined ? '' : ` of user ${user.objectId}`;
  return [
    ...(registration === undefined ? [] : [`${registration.name}: the registration`]),
    ...(refreshToken === undefined
      ? []
      : [
          `${refreshToken.name}: the consent${who}, generation ${generation}; without it the user must consent again`,
        ]),
    ...[...account.accessTokens.values()].map(({ name, expiresAt }) => {
      const until = expiresAt === undefined ? '' : `, valid until ${isoTime(expiresAt)}`;
      return `${name}: the access token${until}; jobs that read it fail at once`;
    }),
  ];
}

async function deleteSecrets(session: Session, held: readonly Held[]): Promise<void> {
  const { createSecretDeletion } = await import('../../app/environment.ts');
  const { credentialsVaultUrl, tokensVaultUrl } = session.config;
  const of = {
    credentials: createSecretDeletion(session.config, credentialsVaultUrl),
    tokens: createSecretDeletion(session.config, tokensVaultUrl),
  };
  for (const { vault, name } of held) await of[vault].delete(name);
}

export interface RemoveOptions extends AccountOptions {
  readonly delete: boolean;
  readonly yes: boolean;
}

/** Disables an account's secrets, the registration first; with `--delete` deletes them then. */
export async function remove(session: Session, options: RemoveOptions): Promise<Result> {
  const { account: id, delete: deletes, yes } = options;
  const account = await findAccount(session, id);
  const lost = losses(account);
  const verb = deletes ? 'Deleted' : 'Disabled';
  session.terminal.tell([`${verb} will be:`, ...lost.map((line) => `  ${line}`)].join('\n'));
  if (!(await confirmed(session.terminal, `Remove "${id}"?`, yes)))
    return {
      exitCode: exitCodes.needsHuman,
      json: { account: id, removed: false },
      text: 'Nothing was done.',
    };
  const held = heldSecrets(account);
  for (const secret of held.filter(({ secret: { enabled } }) => enabled))
    await setEnabled(session, secret, false);
  if (deletes) await deleteSecrets(session, held);
  const names = held.map(({ name }) => name);
  const text = deletes
    ? `"${id}" is deleted. The vaults keep its secrets recoverable for their retention time (az keyvault secret recover).`
    : `"${id}" is disabled. Take it back with: account resume ${id}.`;
  const changed = deletes ? { deleted: names } : { disabled: names };
  return { exitCode: exitCodes.fine, json: { account: id, removed: true, ...changed }, text };
}
