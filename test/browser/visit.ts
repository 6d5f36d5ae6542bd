import assert from 'node:assert/strict';
import type {
  Browser,
  BrowserContext,
  BrowserContextOptions,
  ConsoleMessage,
  Page,
  Request,
} from 'playwright-core';

/** Long enough for a machine with much else to do: whoever waits, waits for a condition. */
const patienceMilliseconds = 60_000;
const longestTabWay = 30;

const withoutFragment = (url: string): string => url.replace(/#.*$/, '');

/** One person's browser: its own cookies, one page, and a record of everything a browser may complain about. */
export class Visit {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #entra: string;
  readonly #complaints: string[] = [];
  readonly #judged: Promise<void>[] = [];
  readonly #navigations = new Set<string>();

  private constructor(context: BrowserContext, page: Page, entra: string) {
    this.page = page;
    this.#context = context;
    this.#entra = entra;
  }

  /** @param entra the origin of the sign-in page, the only other one that may be reached and may tell where it is */
  static async start(browser: Browser, entra: string, options: BrowserContextOptions): Promise<Visit> {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(patienceMilliseconds);
    const visit = new Visit(context, await context.newPage(), entra);
    visit.page.on('console', (message) => visit.#hear(message));
    visit.page.on('pageerror', (error) => visit.#complaints.push(`a script failed: ${error.message}`));
    context.on('request', (request) => visit.#judged.push(visit.#judge(request)));
    return visit;
  }

  /** Clicks what leads to another page, and waits for that page. */
  async click(name: string | RegExp): Promise<void> {
    const button = this.page.getByRole('button', { name });
    await button.waitFor();
    const arrived = this.page.waitForEvent('load');
    await button.click();
    await arrived;
  }

  heading(): Promise<string | null> {
    return this.page.getByRole('heading', { level: 1 }).textContent();
  }

  /** Presses Tab until the control of that label has the focus. */
  async tabTo(name: string): Promise<void> {
    for (let presses = 0; presses < longestTabWay; presses++) {
      await this.page.keyboard.press('Tab');
      const focused = await this.page.locator(':focus').ariaSnapshot();
      if (focused.includes(` "${name}"`)) return;
    }
    assert.fail(`"${name}" is not reached with the Tab key`);
  }

  /** How thick the line around the control in focus is. */
  async focusOutlinePixels(): Promise<number> {
    const outline = await this.page
      .locator(':focus')
      .evaluate((element) => element.ownerDocument.defaultView?.getComputedStyle(element).outline ?? '');
    return outline.includes('none') ? 0 : Number.parseFloat(/([\d.]+)px/.exec(outline)?.[1] ?? '0');
  }

  /** Closes the browser's window. @returns what it complained about meanwhile: nothing, if all is well */
  async end(): Promise<readonly string[]> {
    await Promise.all(this.#judged);
    await this.#context.close();
    return this.#complaints;
  }

  /** A page that says "refused" by its status is reported as a resource that failed; that alone is no complaint. */
  #hear(message: ConsoleMessage): void {
    const isStatus = /^Failed to load resource: the server responded with a status of \d+/.test(
      message.text(),
    );
    if (isStatus && this.#navigations.has(withoutFragment(message.location().url))) return;
    this.#complaints.push(`the console says (${message.type()}): ${message.text()}`);
  }

  /** Nothing but pages is loaded, and no page of ours tells anybody where the browser was. */
  async #judge(request: Request): Promise<void> {
    const url = request.url();
    if (request.isNavigationRequest()) this.#navigations.add(withoutFragment(url));
    else this.#complaints.push(`something else than a page was loaded: ${url}`);
    const referrer = await request.headerValue('referer').catch(() => null);
    if (referrer === null) return;
    const isOfEntra = new URL(referrer).origin === this.#entra;
    if (isOfEntra && (new URL(url).origin === this.#entra || referrer === `${this.#entra}/`)) return;
    this.#complaints.push(`the referrer ${referrer} was sent to ${url}`);
  }
}
