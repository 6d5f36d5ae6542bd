import { userKey } from '../../local/entra/users.ts';
import type { FunctionsHost } from '../../local/functions-host/functions-host.ts';
import { type LocalEnvironment, startLocalEnvironment } from '../../local/local-environment.ts';
import { startApp } from '../../local/run-app.ts';
import type { SampleAccount, SeededAccount } from '../../local/samples.ts';
import { SkippingClock } from '../../local/skipping-clock.ts';
import type { User } from '../../src/accounts/entra-ids.ts';
import { useClock } from '../../src/app/environment.ts';
import { ads } from '../support/world.ts';

export const functionKey = 'a-function-key';

/** What the platform tells of a signed-in engineer. */
export const principal = Buffer.from(
  JSON.stringify({ auth_typ: 'aad', claims: [{ typ: 'name', val: 'on-call' }] }),
).toString('base64');

/** One HTTP answer as a browser sees it. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** Where an answer sends the browser. */
export const locationOf = ({ headers }: Answer): string => headers.get('location') ?? '';

/** What a page says, without its marks. */
export const textOf = ({ body }: Answer): string =>
  body
    .replace(/<style>.*<\/style>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replace(/\s+/g, ' ');

/** A browser without scripts: keeps cookies by host, follows nothing by itself. */
export class Browser {
  readonly #cookies = new Map<string, string>();

  async send(url: string, init: RequestInit = {}): Promise<Answer> {
    const { host } = new URL(url);
    const cookie = this.#cookies.get(host);
    const headers = {
      ...(init.headers as Record<string, string>),
      ...(cookie === undefined ? {} : { cookie }),
    };
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    const [set = ''] = (response.headers.get('set-cookie') ?? '').split(';');
    if (set.endsWith('=')) this.#cookies.delete(host);
    else if (set !== '' && set.startsWith('__Host-')) this.#cookies.set(host, set);
    return { status: response.status, headers: response.headers, body: await response.text() };
  }

  post(url: string, form: Record<string, string>): Promise<Answer> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.send(url, { method: 'POST', headers, body: new URLSearchParams(form).toString() });
  }

  /** Presses the button of the consent page that a link opens. */
  press(link: string): Promise<Answer> {
    const { origin, pathname, searchParams } = new URL(link);
    return this.post(origin + pathname, { link: searchParams.get('link') ?? '' });
  }

  /** Accepts on Entra's page; where it sends the browser back to, without the empty fragment that Entra appends. */
  async accept(signIn: string, user: User): Promise<string> {
    const answer = await this.post(signIn, { decision: 'accept', user: userKey(user) });
    return locationOf(answer).replace(/#.*$/, '');
  }
}

/** The app with its front door, and everything it talks to, on loopback. */
export interface ConsentApp {
  readonly local: LocalEnvironment;
  readonly clock: SkippingClock;
  readonly host: FunctionsHost;
  /** Ends with `/api`. */
  readonly url: string;
  readonly lines: string[];
  /** Registers an account without a consent, whose user Entra knows by name; default id: `account-<n>`. */
  register(changes?: Partial<SampleAccount>): SeededAccount;
  /** A link as the tools' endpoint gives it. */
  linkFor(account: string): Promise<string>;
  close(): Promise<void>;
}

export async function startConsentApp(): Promise<ConsentApp> {
  const clock = new SkippingClock();
  useClock(clock);
  const local = await startLocalEnvironment({ clock });
  const lines: string[] = [];
  let people = 0;
  const host = await startApp(local.appSettings, (line) => lines.push(line));
  const door = await host.listen({ functionKey });
  process.env['PUBLIC_URL'] = new URL(door.url).origin;
  return {
    local,
    clock,
    host,
    url: door.url,
    lines,
    register: (changes = {}) => {
      people += 1;
      const name = { displayName: `Person ${people}`, userPrincipalName: `person${people}@contoso.example` };
      return local.world.addAccount({
        id: `account-${people}`,
        client: ads,
        consented: false,
        name,
        ...changes,
      });
    },
    linkFor: async (account) => {
      const headers = { 'x-functions-key': functionKey };
      const answer = await fetch(`${door.url}/tools/consent-link/${account}`, { method: 'POST', headers });
      const { url = '' } = (await answer.json()) as { url?: string };
      return url;
    },
    close: async () => {
      await host.stop();
      await local.close();
    },
  };
}
