import { explainRefusedLink } from '../../consent/consent-pages.ts';
import { offerLink } from '../../consent/consent-routes.ts';
import type { Reason } from '../../reason.ts';
import { isoTime } from '../../time.ts';
import { checkId } from '../registrations.ts';
import { CommandError, type CommandResult, exitCodes, fine } from '../result.ts';
import type { AccountOptions, Session } from '../session.ts';

/** A consent link, or why there is none. The link lets its holder begin a consent: it goes nowhere but to the result. */
type ConsentOffer = { readonly url: string; readonly expiresAt: string } | Reason;

/** A fresh link for the account, signed with the app's own key. */
export async function consentOffer({ environment }: Session, id: string): Promise<ConsentOffer> {
  const { publicUrl } = environment;
  if (publicUrl === undefined) {
    const cause = 'Nothing says where browsers find the app.';
    return { code: 'app_url_missing', cause, remedy: 'Give --app-url, or set PUBLIC_URL.' };
  }
  const offered = await offerLink({ ...environment, publicUrl }, id);
  if (offered.kind === 'link') return { url: offered.url, expiresAt: isoTime(offered.expiresAt) };
  const { status: _, ...refused } = explainRefusedLink(offered);
  return refused;
}

/** The offer for people. */
export function offerLines(offer: ConsentOffer): string[] {
  if ('url' in offer)
    return [`Give this link to the user; it works until ${offer.expiresAt}:`, `  ${offer.url}`];
  return [`There is no consent link yet: ${offer.cause}`, `  ${offer.remedy}`];
}

interface ConsentOptions extends AccountOptions {
  readonly browser: boolean;
  readonly port: number;
}

async function link(session: Session, id: string): Promise<CommandResult> {
  const offer = await consentOffer(session, id);
  if ('url' in offer) return fine({ account: id, ...offer }, offerLines(offer).join('\n'));
  const exitCode = offer.code === 'app_url_missing' ? exitCodes.usage : exitCodes.needsHuman;
  throw new CommandError(exitCode, offer.code, offer.cause, offer.remedy);
}

async function inBrowser(session: Session, { account, port }: ConsentOptions): Promise<CommandResult> {
  const { consentInBrowser } = await import('../consent-server.ts');
  const end = await consentInBrowser(session, account, port);
  if (end.kind === 'not_completed') {
    const { title, paragraphs } = end.notice;
    throw new CommandError(exitCodes.needsHuman, 'consent_not_completed', `${title}.`, paragraphs.join(' '));
  }
  const validUntil = isoTime(end.accessTokenExpiresAt);
  return fine(
    { account, consented: true, accessTokenExpiresAt: validUntil },
    `"${account}" has consented. Its access token is published, valid until ${validUntil}.`,
  );
}

/** A consent link, or the whole consent in a browser of this machine. */
export async function consent(session: Session, options: ConsentOptions): Promise<CommandResult> {
  checkId(options.account);
  return options.browser ? inBrowser(session, options) : link(session, options.account);
}
