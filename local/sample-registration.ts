import type { User } from '../src/accounts/entra-ids.ts';
import { type Consent, scopeOfResource } from './entra/grants.ts';
import type { SampleAccount, SampleAudience, SampleClient } from './samples.ts';

const sampleScopes = ['https://graph.microsoft.com/User.Read'];

/** The registration that an operator would write for the account. */
export function registrationOf(sample: SampleAccount, user: User, authority: string | undefined): object {
  const { client, owner, minimumValidityMinutes } = sample;
  return {
    tenant: sample.tenant ?? user.tenantId,
    clientId: client.clientId,
    clientAuthentication: authenticationOf(client),
    ...(sample.tokens === undefined ? audienceOf(sample) : { tokens: sample.tokens }),
    authority,
    loginHint: sample.name?.userPrincipalName,
    owner,
    minimumValidityMinutes,
  };
}

function authenticationOf({ method = 'client_secret', secretName: name, algorithm }: SampleClient) {
  return method === 'managed_identity' || method === 'none'
    ? { method }
    : { method, secretName: name, algorithm };
}

function audienceOf({ resource, scopes = sampleScopes }: SampleAccount): SampleAudience {
  return resource === undefined ? { scopes } : { resource };
}

/** What the account's access tokens are for, by their names. */
export function audiencesOf(sample: SampleAccount): [name: string | undefined, audience: SampleAudience][] {
  return sample.tokens === undefined ? [[undefined, audienceOf(sample)]] : Object.entries(sample.tokens);
}

/** One consent for all of an account's access tokens. */
export function consentedTo(sample: SampleAccount): Pick<Consent, 'scopes' | 'resource'> {
  const audiences = audiencesOf(sample).map(([, audience]) => audience);
  const resources = audiences.flatMap((audience) => ('resource' in audience ? [audience.resource] : []));
  const scopes = audiences.flatMap((audience) => ('scopes' in audience ? audience.scopes : []));
  const [resource, ...others] = resources;
  if (resource === undefined) return { scopes: [...scopes, 'offline_access', 'openid', 'profile'] };
  return { resource, scopes: others.map(scopeOfResource) };
}
