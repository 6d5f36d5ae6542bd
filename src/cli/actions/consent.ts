import { isoTime } from '../../time.ts';
import { checkId } from '../accounts.ts';
import { consentInBrowser } from '../consent-server.ts';
import { CommandError, exitCodes, type Result } from '../result.ts';
import type { AccountOptions, Session } from '../session.ts';
import { consentOffer, offerLines } from './consent-offer.ts';

export interface ConsentOptions extends AccountOptions {
  readonly browser: boolean;
  readonly port: number;
}

async function link(session: Session, id: string): Promise<Result> {
  const offer = await consentOffer(session, id);
  if ('url' in offer) {
    return {
      exitCode: exitCodes.fine,
      json: { account: id, ...offer },
      text: offerLines(offer).join('\n'),
    };
  }
  const exitCode = offer.code === 'app_url_missing' ? exitCodes.usage : exitCodes.needsHuman;
  throw new CommandError(exitCode, offer.code, offer.cause, offer.remedy);
}

async function inBrowser(session: Session, { account, port }: ConsentOptions): Promise<Result> {
  const end = await consentInBrowser(session, account, port);
  if (end.kind === 'not_completed') {
    const { title, paragraphs } = end.notice;
    throw new CommandError(exitCodes.needsHuman, 'consent_not_completed', `${title}.`, paragraphs.join(' '));
  }
  const validUntil = isoTime(end.accessTokenExpiresAt);
  return {
    exitCode: exitCodes.fine,
    json: { account, consented: true, accessTokenExpiresAt: validUntil },
    text: `"${account}" has consented. Its access token is published, valid until ${validUntil}.`,
  };
}

/** A consent link, or the whole consent in a browser of this machine. */
export async function consent(session: Session, options: ConsentOptions): Promise<Result> {
  checkId(options.account);
  return options.browser ? inBrowser(session, options) : link(session, options.account);
}
