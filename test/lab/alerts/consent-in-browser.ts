import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import type { WorldAccount } from '../../../lab/alerts/mishaps.ts';
import { userKey } from '../../../local/entra/users.ts';
import {
  answerEnd,
  type ConsentEnvironment,
  endConsent,
  mintLinkFor,
  startConsent,
} from '../../../src/consent/consent-routes.ts';
import { SigningKeys } from '../../../src/consent/signing-key.ts';
import { TrustedIssuers } from '../../../src/oauth/trusted-issuers.ts';
import { Sensitive } from '../../../src/sensitive.ts';
import type { MonitoredWorld } from './monitored-world.ts';

/** Registered with every client of the local environment. */
const publicUrl = 'http://localhost';

/** The user of an account opens a consent link of the app, signs in at Entra, and agrees. */
export async function consentInBrowser(
  world: MonitoredWorld,
  { sample, seeded }: WorldAccount,
): Promise<void> {
  const app = world.app.createEnvironment();
  const environment: ConsentEnvironment = {
    ...app,
    signingKeys: new SigningKeys(app.credentials, world.clock, app.policy),
    publicUrl,
    issuers: issuersOf(world),
  };
  await whileTimePasses(world, async () => {
    const minted = await mintLinkFor(environment, sample.id);
    const { searchParams } = new URL((JSON.parse(minted.body) as { url: string }).url);
    const form = new URLSearchParams({ link: searchParams.get('link') ?? '' });
    const begun = await startConsent(environment, sample.id, form.toString());
    const signIn = new URL(begun.headers['location'] ?? '');
    const agreed = world.entra.serve({
      method: 'POST',
      path: signIn.pathname + signIn.search,
      headers: {},
      form: new URLSearchParams({ decision: 'accept', user: userKey(seeded.user) }),
    });
    const cookie = begun.headers['set-cookie']?.split(';', 1).join() ?? '';
    const callback = new URL((agreed.headers['location'] ?? '').replace(/#.*$/, ''));
    const done = answerEnd(await endConsent(environment, callback, cookie));
    assert.match(done.headers['location'] ?? done.body, /receipt=/);
  });
}

function issuersOf({ entra, clock }: MonitoredWorld): TrustedIssuers {
  const get = async (url: string) => {
    const { origin: authority, pathname: path } = new URL(url);
    const { status, headers, body } = entra.serve({ method: 'GET', path, headers: {}, form: '', authority });
    return {
      kind: 'answered' as const,
      status,
      headers,
      body: new Sensitive(body),
      durationMilliseconds: 0,
    };
  };
  return new TrustedIssuers({ get, clock, rules: {} });
}

/** Cryptography takes real time, in which the virtual clock moves by small steps only. */
async function whileTimePasses({ clock }: MonitoredWorld, work: () => Promise<void>): Promise<void> {
  let isOver = false;
  const over = work().finally(() => {
    isOver = true;
  });
  over.catch(() => {});
  while (!isOver) {
    await clock.run(clock.sleep(50));
    await setTimeout(1);
  }
  await over;
}
