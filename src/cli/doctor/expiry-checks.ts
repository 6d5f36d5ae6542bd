import { parseSecretName } from '../../accounts/account-id.ts';
import { heartbeatName, probeName } from '../../accounts/heartbeat.ts';
import type { ListedSecret } from '../../accounts/secret.ts';
import type { ListedVaults } from '../../sweep/listing.ts';
import type { EpochSeconds } from '../../time.ts';
import { type Finding, note, warning } from './finding.ts';

const mostNames = 5;

function namesOf(secrets: readonly ListedSecret[]): string {
  const named = secrets.slice(0, mostNames).map(({ name }) => name);
  const more = secrets.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

const isOurs = ({ name }: ListedSecret): boolean =>
  parseSecretName(name) !== undefined || [heartbeatName, probeName].includes(name.toLowerCase());

/** Client credentials are told on their own: what counts there is when they end. */
function withoutExpiry({ credentials, tokens }: ListedVaults): Finding[] {
  const all = credentials === tokens ? credentials : [...credentials, ...tokens];
  const found = all.filter((secret) => isOurs(secret) && secret.enabled && secret.expiresAt === undefined);
  if (found.length === 0) return [];
  const what = `${found.length} without an expiry: ${namesOf(found)}. An Azure Policy that demands one would refuse changes to them; the app's own next version of each has one.`;
  return [note('secrets', what)];
}

function expired({ credentials }: ListedVaults, now: EpochSeconds): Finding[] {
  const found = credentials.filter(
    ({ name, expiresAt }) =>
      parseSecretName(name)?.kind === 'registration' && expiresAt !== undefined && expiresAt <= now,
  );
  if (found.length === 0) return [];
  return [
    warning(
      'secrets',
      `${found.length} registrations have expired: ${namesOf(found)}. They work all the same.`,
      "Each sweep writes some of them again, paused ones after account resume; if they stay, look whether an Azure Policy or a missing right refuses the app's writes.",
    ),
  ];
}

/** What the expiries of the app's own secrets tell. */
export function expiryFindings(listed: ListedVaults, now: EpochSeconds): Finding[] {
  return [...expired(listed, now), ...withoutExpiry(listed)];
}
