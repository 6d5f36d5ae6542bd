import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core';
import type { FunctionsHost } from '../../local/functions-host/functions-host.ts';
import { type LocalEnvironment, startLocalEnvironment } from '../../local/local-environment.ts';
import { openApp, startApp } from '../../local/run-app.ts';
import type { SampleAccount, SeededAccount } from '../../local/samples.ts';
import { SkippingClock } from '../../local/skipping-clock.ts';
import { useClock } from '../../src/app/environment.ts';
import { forgetStatus } from '../../src/app/status-source.ts';
import { ads } from '../support/world.ts';
import { findChromium, howToGetChromium } from './chromium.ts';
import { Visit } from './visit.ts';

/** For `describe`: why its tests are skipped. Under `CI` they are not: for want of a browser they fail. */
export const skip =
  findChromium() === undefined && !process.env['CI'] ? `no Chromium was found: ${howToGetChromium}` : false;

/** Chromium calls home unless it is told not to, and its sandbox does not work for root. */
const launchArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP localhost 127.0.0.1',
];

function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error(`no Chromium was found: ${howToGetChromium}`);
  return chromium.launch({ executablePath, args: launchArguments, timeout: 100_000 });
}

/** What `npm start` runs, on a clock that stands still, and a real browser before it. */
export class BrowserApp {
  readonly local: LocalEnvironment;
  readonly clock: SkippingClock;
  readonly host: FunctionsHost;
  readonly statusUrl: string;
  readonly #browser: Browser;
  #accounts = 0;

  private constructor(
    browser: Browser,
    local: LocalEnvironment,
    clock: SkippingClock,
    host: FunctionsHost,
    url: string,
  ) {
    this.#browser = browser;
    this.local = local;
    this.clock = clock;
    this.host = host;
    this.statusUrl = `${url}/status`;
  }

  /** By default at a tick of the default schedule, when every sample account is due that can be. */
  static async start(clock = new SkippingClock(Date.parse('2026-11-22T16:00:00Z'))): Promise<BrowserApp> {
    const browser = await launchChromium();
    useClock(clock);
    const local = await startLocalEnvironment({ clock });
    const host = await startApp(local.appSettings, () => {});
    // To a browser, localhost and 127.0.0.1 are two sites, as the app and Entra are; their ports would make one of them.
    const url = (await openApp(host)).url.replace('127.0.0.1', 'localhost');
    process.env['PUBLIC_URL'] = new URL(url).origin;
    return new BrowserApp(browser, local, clock, host, url);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.host.stop();
    await this.local.close();
  }

  /** Registers an account whose user is known to Entra by name, by default without consent. */
  register(changes: Partial<SampleAccount> = {}): SeededAccount {
    this.#accounts += 1;
    const id = `account-${this.#accounts}`;
    const name = {
      displayName: `Person ${this.#accounts}`,
      userPrincipalName: `person${this.#accounts}@contoso.example`,
    };
    forgetStatus();
    return this.local.world.addAccount({ id, client: ads, consented: false, name, ...changes });
  }

  /** Another person's browser. */
  open(options: BrowserContextOptions = {}): Promise<Visit> {
    return Visit.start(this.#browser, this.local.urls.entra, options);
  }

  /** Another person's browser; at the end of the test it must not have complained about anything. */
  async visit(context: TestContext, options: BrowserContextOptions = {}): Promise<Visit> {
    const visit = await this.open(options);
    context.after(async () => assert.deepEqual(await visit.end(), []));
    return visit;
  }

  /** From the status page to the consent page, by the account's button. */
  async openConsent({ page }: Visit, { id }: { readonly id: string }): Promise<string> {
    await page.goto(`${this.statusUrl}?account=${id}`);
    await page.getByRole('button', { name: `Get consent link for ${id}`, exact: true }).click();
    await page.waitForURL(`**/api/consent/for/${id}?link=*`);
    return page.url();
  }
}
