import type { Account } from '../../accounts/account.ts';
import type { ListedSecret } from '../../accounts/secret.ts';
import { isoTime } from '../../time.ts';
import { persistently } from '../../vault/durable-write.ts';
import { confirmed } from '../input.ts';
import { findAccount } from '../registrations.ts';
import { type CommandResult, fine, resultOf, usageError } from '../result.ts';
import type { AccountOptions, Session } from '../session.ts';

/** A secret of an account, and the vault that holds it. */
type HeldSecret = ListedSecret & { readonly vault: 'credentials' | 'tokens' };

/** What of an account is there, the registration first: whoever loses it is left alone by sweeps. */
function heldSecrets({ registration, refreshToken, accessTokens }: Account): HeldSecret[] {
  const credentials = [registration, refreshToken].filter((secret) => secret !== undefined);
  return [
    ...credentials.map((secret) => ({ ...secret, vault: 'credentials' as const })),
    ...[...accessTokens.values()].map((secret) => ({ ...secret, vault: 'tokens' as const })),
  ];
}

/** Those of the credentials vault. @throws CommandError without a registration */
function registeredSecrets(account: Account): HeldSecret[] {
  if (account.registration !== undefined)
    return heldSecrets(account).filter(({ vault }) => vault === 'credentials');
  throw usageError(
    `"${account.id}" has tokens and no registration.`,
    'Register it with account add, or delete its secrets with account remove --delete.',
  );
}

/** Enables or disables those that are not so yet, one after the other; those of which it changed something. */
async function setEnabled(
  { environment }: Session,
  secrets: readonly HeldSecret[],
  enabled: boolean,
): Promise<string[]> {
  const others = secrets.filter((secret) => secret.enabled !== enabled);
  // The newest version, also of a disabled secret, whose versions nobody can read.
  for (const { vault, name } of others)
    await persistently(environment.clock, () => environment[vault].vault.update(name, '', { enabled }));
  return others.map(({ name }) => name);
}

/** Leaves the account alone from the next sweep on. */
export async function pause(session: Session, { account: id }: AccountOptions): Promise<CommandResult> {
  const [registration] = registeredSecrets(await findAccount(session, id));
  const changed = registration ? await setEnabled(session, [registration], false) : [];
  const text =
    changed.length > 0
      ? `"${id}" is paused: no sweep refreshes it. Its access token stays until it ends.`
      : `"${id}" was paused already.`;
  return fine({ account: id, paused: true, changed: changed.length > 0 }, text);
}

/** Ends a pause, and what `remove` did: the registration is enabled last, when the refresh token is readable again. */
export async function resume(session: Session, { account: id }: AccountOptions): Promise<CommandResult> {
  // A disabled access token is published anew by the next sweep.
  const secrets = registeredSecrets(await findAccount(session, id)).reverse();
  const enabled = await setEnabled(session, secrets, true);
  const text =
    enabled.length === 0 ? `"${id}" was not paused.` : `"${id}" is resumed. Enabled: ${enabled.join(', ')}.`;
  return fine({ account: id, paused: false, enabled }, text);
}

/** What goes with an account, in words for the one who is about to remove it. */
function losses({ registration, refreshToken, accessTokens }: Account): string[] {
  const who = refreshToken?.user === undefined ? '' : ` of user ${refreshToken.user.objectId}`;
  return [
    ...(registration === undefined ? [] : [`${registration.name}: the registration`]),
    ...(refreshToken === undefined
      ? []
      : [
          `${refreshToken.name}: the consent${who}, generation ${refreshToken.generation}; without it the user must consent again`,
        ]),
    ...[...accessTokens.values()].map(({ name, expiresAt }) => {
      const until = expiresAt === undefined ? '' : `, valid until ${isoTime(expiresAt)}`;
      return `${name}: the access token${until}; jobs that read it fail at once`;
    }),
  ];
}

async function deleteSecrets({ config }: Session, secrets: readonly HeldSecret[]): Promise<void> {
  const { createSecretDeletion } = await import('../../app/environment.ts');
  const of = {
    credentials: createSecretDeletion(config, config.credentialsVaultUrl),
    tokens: createSecretDeletion(config, config.tokensVaultUrl),
  };
  for (const { vault, name } of secrets) await of[vault].delete(name);
}

interface RemoveOptions extends AccountOptions {
  readonly delete: boolean;
  readonly yes: boolean;
}

/** Disables an account's secrets, the registration first; with `--delete` deletes them then. */
export async function remove(session: Session, options: RemoveOptions): Promise<CommandResult> {
  const { account: id, delete: deletes, yes } = options;
  const account = await findAccount(session, id);
  const verb = deletes ? 'Deleted' : 'Disabled';
  session.terminal.tell([`${verb} will be:`, ...losses(account).map((line) => `  ${line}`)].join('\n'));
  if (!(await confirmed(session.terminal, `Remove "${id}"?`, yes)))
    return resultOf(false, { account: id, removed: false }, 'Nothing was done.');
  const secrets = heldSecrets(account);
  await setEnabled(session, secrets, false);
  if (deletes) await deleteSecrets(session, secrets);
  const names = secrets.map(({ name }) => name);
  const text = deletes
    ? `"${id}" is deleted. The vaults keep its secrets recoverable for their retention time (az keyvault secret recover).`
    : `"${id}" is disabled. Take it back with: account resume ${id}.`;
  return fine({ account: id, removed: true, [deletes ? 'deleted' : 'disabled']: names }, text);
}
