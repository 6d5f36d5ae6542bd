import { explainRefusedLink } from '../../consent/consent-pages.ts';
import { offerLink } from '../../consent/consent-routes.ts';
import type { Reason } from '../../reason.ts';
import { isoTime } from '../../time.ts';
import type { Session } from '../session.ts';

/** A consent link, or why there is none. The link lets its holder begin a consent: it goes nowhere but to the result. */
export type ConsentOffer = { readonly url: string; readonly expiresAt: string } | Reason;

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
