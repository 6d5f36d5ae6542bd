import assert from 'node:assert/strict';
import { userKey } from '../../local/entra/users.ts';
import type { User } from '../../src/accounts/entra-ids.ts';
import { Browser } from '../consent/consent-app.ts';
import type { CommandLine, Ran } from './run.ts';

/** Starts `consent --browser` and goes to Entra's sign-in page, as a browser does. */
export async function beginConsent(cli: CommandLine, id: string, options = '', env: NodeJS.ProcessEnv = {}) {
  const command = cli.start(`consent ${id} --browser ${options}`, { env });
  const [, url = ''] = await command.error.seen(/(http:\/\/localhost:\d+\/consent\/[\w-]+)/);
  const browser = new Browser();
  const toEntra = await browser.send(url);
  assert.equal(toEntra.status, 303);
  return { command, browser, url, signIn: toEntra.headers.get('location') ?? '' };
}

export const locationOf = (headers: Headers): string => (headers.get('location') ?? '').replace(/#.*$/, '');

/** The whole of it: a user signs in, agrees, and reads what came of it. */
export async function consentAs(
  cli: CommandLine,
  id: string,
  user: User,
  env: NodeJS.ProcessEnv = {},
): Promise<Ran> {
  const { command, browser, signIn, url } = await beginConsent(cli, id, '', env);
  const agreed = await browser.post(signIn, { decision: 'accept', user: userKey(user) });
  await browser.send(locationOf(agreed.headers));
  await browser.send(`${new URL(url).origin}/done`);
  return command.done;
}
