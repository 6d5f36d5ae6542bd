import type { Argv } from 'yargs';
import { authenticationMethods } from '../../accounts/client-authentication.ts';

/** The fields of a registration as options; each replaces what the registration had. */
export interface FieldOptions {
  readonly file?: string | undefined;
  readonly tenant?: string | undefined;
  readonly clientId?: string | undefined;
  readonly method?: string | undefined;
  readonly algorithm?: string | undefined;
  readonly secretName?: string | undefined;
  readonly scope?: readonly string[] | undefined;
  readonly resource?: string | undefined;
  readonly token?: readonly string[] | undefined;
  readonly authority?: string | undefined;
  readonly loginHint?: string | undefined;
  readonly userTenant?: string | undefined;
  readonly userObjectId?: string | undefined;
  readonly owner?: string | undefined;
  readonly minimumValidityMinutes?: number | undefined;
  readonly description?: string | undefined;
}

/** Adds an option for each field of a registration. */
export function fieldOptions<T>(parser: Argv<T>) {
  return parser
    .option('file', {
      type: 'string',
      nargs: 1,
      describe: 'The whole registration as JSON; - is standard input',
    })
    .option('tenant', {
      type: 'string',
      nargs: 1,
      describe: 'Tenant id, domain name, common, organizations or consumers',
    })
    .option('client-id', {
      type: 'string',
      nargs: 1,
      describe: "The app registration's application (client) id",
    })
    .option('method', {
      type: 'string',
      nargs: 1,
      choices: authenticationMethods,
      describe: 'How the client proves itself, none for a public client; default client_secret',
    })
    .option('secret-name', {
      type: 'string',
      nargs: 1,
      describe: 'The secret in the credentials vault that holds its client secret, or key and certificate',
    })
    .option('algorithm', {
      type: 'string',
      nargs: 1,
      choices: ['PS256', 'RS256'],
      describe: 'Of assertions signed with a certificate; default PS256',
    })
    .option('scope', { type: 'string', array: true, describe: 'Scopes: the v2 endpoint' })
    .option('resource', { type: 'string', nargs: 1, describe: 'Resource identifier: the v1 endpoint' })
    .option('token', {
      type: 'string',
      array: true,
      describe:
        'Several access tokens: name=scope,scope or name=resource:identifier, each published by its name',
    })
    .option('authority', {
      type: 'string',
      nargs: 1,
      describe: 'Origin of the token service, for other clouds',
    })
    .option('login-hint', { type: 'string', nargs: 1, describe: 'User name of whoever consents' })
    .option('user-tenant', {
      type: 'string',
      nargs: 1,
      describe: "The user's home tenant id, with --user-object-id",
    })
    .option('user-object-id', {
      type: 'string',
      nargs: 1,
      describe: 'The only user whose tokens may be stored',
    })
    .option('owner', { type: 'string', nargs: 1, describe: 'Who is told' })
    .option('minimum-validity-minutes', {
      type: 'number',
      describe: 'What a reader finds at least, 1 to 1440',
    })
    .option('description', { type: 'string', nargs: 1, describe: 'Up to 2,000 characters' });
}
