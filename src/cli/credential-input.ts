import { credentialExpiry } from '../accounts/credential-tags.ts';
import type { Registration } from '../accounts/registration.ts';
import { type Stored, usableVersion } from '../client/credential.ts';
import type { Sensitive } from '../sensitive.ts';
import type { EpochSeconds } from '../time.ts';
import type { FieldOptions } from './field-options.ts';
import { askSecret } from './input.ts';
import { writeSecret } from './registrations.ts';
import { usageError } from './result.ts';
import type { Session } from './session.ts';

function expiryOf(text: string | undefined, now: EpochSeconds): EpochSeconds | undefined {
  if (text === undefined) return undefined;
  const expiresAt = Date.parse(text) / 1000;
  if (Number.isFinite(expiresAt) && expiresAt > now) return Math.floor(expiresAt);
  throw usageError('--credential-expires is no moment in the future.', 'Write it like 2027-05-01.');
}

/** A client's credential to store, asked for before anything is written. */
interface CredentialToStore {
  readonly name: string;
  readonly value: Sensitive;
  readonly contentType: string;
  /** When it ends, if somebody or a certificate tells. */
  readonly endsAt: EpochSeconds | undefined;
}

const contentTypes = { client_secret: 'text/plain', certificate: 'application/x-pem-file' } as const;

/** The credential's end as a certificate has it; a client secret tells none. @throws CommandError for an unusable one */
function checkCredential(value: Sensitive, authentication: Stored, now: EpochSeconds) {
  const { secretName: name } = authentication;
  const version = { name, value, version: '', tags: {}, enabled: true, createdAt: now, updatedAt: now };
  const read = usableVersion(version, authentication, now);
  if (!read.ok) throw usageError(read.facts.cause, `${read.facts.remedy} Nothing was written.`);
  return read.credential.endsAt;
}

const needsNone = {
  none: 'A public client needs no secret, and must not send one.',
  managed_identity: "The app's managed identity needs no secret.",
} as const;

/** Asks for the client's credential where the options want it stored. @throws CommandError for one that cannot work */
export async function askCredential(
  session: Session,
  { setCredential, credentialExpires, dryRun }: FieldOptions,
  { clientAuthentication: authentication }: Registration,
): Promise<CredentialToStore | undefined> {
  const now = session.now();
  const given = expiryOf(credentialExpires, now);
  if (given !== undefined && !setCredential)
    throw usageError(
      '--credential-expires stands alone.',
      'Give --set-credential, too; of a stored secret note it with: az keyvault secret set-attributes --expires.',
    );
  if (!setCredential || dryRun) return undefined;
  if (!('secretName' in authentication))
    throw usageError(needsNone[authentication.method], 'Leave --set-credential out.');
  const { method, secretName: name } = authentication;
  const what = method === 'certificate' ? 'PEM of key and certificate' : 'Value of the client secret';
  const value = await askSecret(session.terminal, `${what} for "${name}"`);
  const certified = checkCredential(value, authentication, now);
  return { name, value, contentType: contentTypes[method], endsAt: given ?? certified };
}

/** Stores it as a new version under the name that the registration has for it. @throws VaultError */
export async function storeCredential(
  session: Session,
  credential: CredentialToStore | undefined,
): Promise<void> {
  if (credential === undefined) return;
  const { name, value, contentType, endsAt } = credential;
  const expiry = credentialExpiry(session.now(), session.environment.policy.secretExpirySeconds, endsAt);
  await writeSecret(session, name, { value, contentType, ...expiry });
}
