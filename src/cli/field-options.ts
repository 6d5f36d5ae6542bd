import type { InferredOptionTypes } from 'yargs';
import { authenticationMethods } from '../accounts/client-authentication.ts';
import { flag, text, texts } from './command.ts';

const oneOf = <C extends string>(choices: readonly C[], describe: string) => ({ ...text(describe), choices });

/** An option for each field of a registration, which replaces what it had, and those for its client's credential. */
export const fieldOptions = {
  file: text('The whole registration as JSON; - is standard input'),
  tenant: text('Tenant id, domain name, common, organizations or consumers'),
  'client-id': text("The app registration's application (client) id"),
  method: oneOf(
    authenticationMethods,
    'How the client proves itself, none for a public client; default client_secret',
  ),
  'secret-name': text(
    'The secret in the credentials vault that holds its client secret, or key and certificate',
  ),
  algorithm: oneOf(['PS256', 'RS256'], 'Of assertions signed with a certificate; default PS256'),
  scope: texts('Scopes: the v2 endpoint'),
  resource: text('Resource identifier: the v1 endpoint'),
  token: texts(
    'Several access tokens: name=scope,scope or name=resource:identifier, each published by its name',
  ),
  authority: text('Origin of the token service, for other clouds'),
  'login-hint': text('User name of whoever consents'),
  'user-tenant': text("The user's home tenant id, with --user-object-id"),
  'user-object-id': text('The only user whose tokens may be stored'),
  owner: text('Who is told'),
  'minimum-validity-minutes': { type: 'number', describe: 'What a reader finds at least, 1 to 1440' },
  description: text('Up to 2,000 characters'),
  'set-credential': flag(
    'Store the client secret (or PEM), too: asked for without echo, or read from standard input',
  ),
  'credential-expires': text('When it ends, like 2027-05-01'),
  'dry-run': flag('Check and show, and write nothing'),
} as const;

/** As the parser gives it: `login-hint` as `loginHint`. */
type OptionName<S extends string> = S extends `${infer First}-${infer Others}`
  ? `${First}${Capitalize<OptionName<Others>>}`
  : S;

type Inferred = InferredOptionTypes<typeof fieldOptions>;
export type FieldOptions = { readonly [Name in keyof Inferred as OptionName<Name>]: Inferred[Name] };
