import { credentialSecretOf } from '../accounts/client-authentication.ts';
import type { Registration } from '../accounts/registration.ts';
import type { RegistrationSummary } from '../accounts/registration-summary.ts';
import type { Tags } from '../accounts/secret.ts';
import type { Authority } from '../oauth/authority.ts';
import { Client } from './client.ts';
import type { ClientEnvironment } from './credential.ts';
import type { CredentialFinding } from './incident.ts';

/** The key of what is known about a client's credential, as listings name it. */
export function credentialKey({
  clientId,
  method,
  credentialSecret = '',
}: Pick<RegistrationSummary, 'clientId' | 'method'> & {
  readonly credentialSecret?: string | undefined;
}): string {
  return `${clientId} ${method} ${credentialSecret}`.toLowerCase();
}

/** The clients of one sweep. */
export class Clients {
  /** What the sweep has found out about credentials, by {@link credentialKey}: of all authorities together. */
  readonly findings = new Map<string, CredentialFinding>();
  readonly #environment: ClientEnvironment;
  readonly #clients = new Map<string, Client>();
  #verdict = Promise.withResolvers<void>();

  constructor(environment: ClientEnvironment) {
    this.#environment = environment;
  }

  /** @param tags of the registration: an incident of a client without a secret is noted there */
  of(registration: Registration, authority: Authority, tags: Tags): Client {
    const { clientAuthentication: authentication } = registration;
    const { clientId } = registration;
    const credentialSecret = credentialSecretOf(authentication);
    const key = credentialKey({ clientId, method: authentication.method, credentialSecret });
    const finding = this.findings.get(key) ?? {};
    this.findings.set(key, finding);
    // An assertion that one algorithm signed proves nothing of another.
    const algorithm = 'algorithm' in authentication ? authentication.algorithm : '';
    const clientKey = `${authority} ${key} ${algorithm}`;
    const options = { authority, clientId, authentication, credentialSecret, finding };
    const client = this.#clients.get(clientKey) ?? new Client(this.#environment, options, this.#wake);
    this.#clients.set(clientKey, client);
    client.incident.recall(tags);
    return client;
  }

  /** Readings that failed and may not any longer are made again. */
  beginRound(): void {
    for (const client of this.#clients.values()) client.beginRound();
  }

  readonly #wake = (): void => {
    this.#verdict.resolve();
    this.#verdict = Promise.withResolvers();
  };

  /** Resolves when the next probe of any client has come back. */
  nextVerdict(): Promise<void> {
    return this.#verdict.promise;
  }
}
