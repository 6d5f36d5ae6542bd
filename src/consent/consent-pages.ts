import type { Audience } from '../accounts/access-token-secret.ts';
import type { Registration } from '../accounts/registration.ts';
import { type Html, html } from '../http/html.ts';
import { type PageResponse, page } from '../http/page.ts';
import type { Reason } from '../reason.ts';
import { isoTime } from '../time.ts';
import type { ConsentResult } from './complete-consent.ts';
import type { ConsentAccount, ConsentRefusal, RefusalReason } from './consent-account.ts';
import { askedUser, type ExpectedUser } from './consented-user.ts';
import { causeOfNumber, explainRefusal, needsAdministrator, type RefusedOutcome } from './refusal-words.ts';
import type { Receipt } from './signed-texts.ts';

/** What happened and what to do, and nothing else. */
export interface Notice {
  readonly title: string;
  readonly status: number;
  readonly kind: 'good' | 'bad';
  readonly paragraphs: readonly string[];
}

const notice = (
  title: string,
  status: number,
  kind: Notice['kind'],
  paragraphs: readonly string[],
): Notice => ({ title, status, kind, paragraphs });

/** A notice as a page. */
export function noticePage({ title, status, kind, paragraphs }: Notice): PageResponse {
  const body = html`<h1>${title}</h1>
<div class="notice ${kind}" role="status">${paragraphs.map((text) => html`<p>${text}</p>`)}</div>`;
  return page({ title, status, body });
}

function askedFor({ tokens }: Registration): readonly Html[] {
  return tokens.map(({ name, audience }) => {
    const of = name === undefined ? [] : html`<dt>Access token</dt><dd>${name}</dd>`;
    return html`${of}${audienceOf(audience)}`;
  });
}

function audienceOf(audience: Audience): Html {
  return audience.endpoint === 'v2'
    ? html`<dt>Permissions</dt><dd>${audience.scopes.map((scope) => html`<code>${scope}</code> `)}</dd>`
    : html`<dt>Resource</dt><dd><code>${audience.resource}</code></dd>`;
}

function expectedUser(expected: ExpectedUser): Html {
  const { pin, loginHint } = askedUser(expected);
  const user =
    pin && html`the user with object id <code>${pin.objectId}</code> of tenant <code>${pin.tenantId}</code>`;
  if (loginHint === undefined) return user ?? html``;
  const hint = html`<strong>${loginHint}</strong>`;
  return user ? html`${hint}, ${user}` : hint;
}

/** What a link opens: whose consent for what, and one button. */
export function consentPage(account: ConsentAccount, link: string): PageResponse {
  const { registration, authority, id } = account.prepared;
  const { owner } = registration;
  const body = html`<h1>Consent for ${id}</h1>
<p>An unattended job wants to act for a user. It can do so only after that user has signed in and agreed.</p>
<dl>
<dt>Account</dt><dd>${id}</dd>
<dt>Sign in as</dt><dd>${expectedUser(account.expected)}</dd>
${askedFor(registration)}
<dt>Application</dt><dd><code>${registration.clientId}</code></dd>
<dt>Tenant</dt><dd>${registration.tenant}</dd>
${owner === undefined ? [] : html`<dt>Owner</dt><dd>${owner}</dd>`}
</dl>
<form method="post" action="/api/consent/for/${id}">
<input type="hidden" name="link" value="${link}">
<button type="submit">Continue to Microsoft</button>
</form>
<p class="quiet">Anybody else who signs in is refused, and nothing of theirs is stored.</p>`;
  return page({ title: `Consent for ${id}`, body, formTargets: [authority] });
}

const refusals: Readonly<Record<RefusalReason, readonly [title: string, status: number, text: string]>> = {
  link_malformed: [
    'This link is not complete',
    400,
    'Copy the whole link, or ask for a new one on the status page.',
  ],
  link_expired: [
    'This link has expired',
    410,
    'Links work for seven days. Ask for a new one on the status page.',
  ],
  link_void: [
    'This link is no longer valid',
    410,
    'Somebody has consented since it was made, the registration was changed or paused, or it was not made for this account. If the account still needs consent, ask for a new link on the status page.',
  ],
  unknown_account: ['There is no such account', 404, 'It is not registered, or it is paused.'],
  user_not_named: [
    'This account names no user',
    409,
    'Add "loginHint" or "user" to its registration first, so that only the right user can consent.',
  ],
  registration_invalid: ['The registration cannot be used', 409, 'Correct it, then ask for a new link.'],
  credential_unusable: ["The client's credential cannot be used", 409, 'Mend it, then try again.'],
};

/** Why an account gets no link, for tools, in the words of the page. */
export function explainRefusedLink({ reason, cause }: ConsentRefusal) {
  const [title, status, text] = refusals[reason];
  return { status, code: reason, cause: cause ?? `${title}.`, remedy: text };
}

/** Why a link was not honoured. */
export function refusalNotice({ reason, cause }: ConsentRefusal): Notice {
  const [title, status, text] = refusals[reason];
  return notice(title, status, 'bad', cause === undefined ? [text] : [cause, text]);
}

export const refusalPage = (refusal: ConsentRefusal): PageResponse => noticePage(refusalNotice(refusal));

/** The browser that came back is not the one that left, or took too long, or came back twice. */
export const strangerPage = (): PageResponse =>
  noticePage(
    notice('This answer does not belong to a consent that was begun here', 400, 'bad', [
      'It was begun in another browser, more than half an hour ago, or is complete already. Nothing was stored.',
      'Open the consent link again.',
    ]),
  );

/**
 * The app cannot answer anybody at the moment. Whoever holds a link, or makes one up, learns the fault's code and not
 * the names of vaults, settings or rights: those are in the app's log.
 *
 * @param status 500: the app is set up wrongly. 503: a vault failed, which may pass
 */
export function unavailablePage({ status, code }: { status: number; code: string }): PageResponse {
  const text =
    status === 503
      ? 'The app cannot reach what it needs. Open the consent link again in a few minutes; if it still fails, tell the operator of the app this code.'
      : 'The app is not set up correctly. Tell the operator of the app this code, and open the consent link again when it is mended.';
  return noticePage(notice('This link cannot be used right now', status, 'bad', [text, `Code ${code}.`]));
}

/** What is sent is no form of ours. */
export const tooLongPage = (): PageResponse =>
  noticePage(
    notice('This request is too long', 413, 'bad', ['Open the link again and press the button on its page.']),
  );

/** The button was pressed on a page of another site. */
export const otherSitePage = (): PageResponse =>
  noticePage(
    notice('This consent was not begun here', 403, 'bad', [
      'The request came from another site, and nothing was done.',
      'Open the consent link itself, read what is asked for, and continue from there.',
    ]),
  );

/** Errors of the authorize endpoint (RFC 6749 section 4.1.2.1; Entra: v2 auth code flow), in plain words. */
const authorizeErrors: Readonly<Record<string, readonly [title: string, text: string]>> = {
  access_denied: ['Consent was declined', 'Nothing was stored. Open the link again when you want to agree.'],
  consent_required: [
    'An administrator has to approve this application',
    'Ask an administrator of the tenant to grant consent for the application, then open the link again.',
  ],
  login_required: ['Microsoft could not sign you in', 'Open the link again and sign in.'],
  interaction_required: [
    'Microsoft asks for more',
    'Open the link again and follow what Microsoft asks for.',
  ],
  invalid_request: [
    'Microsoft refused the request',
    'An operator has to look at the application: its redirect URI must be of type Web and exactly the one of this app.',
  ],
  invalid_client: [
    'Microsoft does not know the application',
    'An operator has to correct clientId or tenant.',
  ],
  unauthorized_client: [
    'The application may not do this',
    'An operator has to allow it in this tenant, or correct clientId or tenant.',
  ],
  invalid_scope: ['Microsoft does not know these permissions', 'An operator has to correct the scopes.'],
  invalid_resource: ['Microsoft does not know this resource', 'An operator has to correct the resource.'],
  server_error: ['Microsoft had a problem', 'Wait a few minutes and open the link again.'],
  temporarily_unavailable: ['Microsoft is busy', 'Wait a few minutes and open the link again.'],
};

/** Entra sent the browser back without a code. Its own text is not shown: anybody could have written it. */
export function authorizeErrorNotice(error: string, aadsts: string | undefined): Notice {
  const word = needsAdministrator(aadsts) ? 'consent_required' : error;
  const known = Object.hasOwn(authorizeErrors, word) ? authorizeErrors[word] : undefined;
  const [title, text] = known ?? [
    'Microsoft refused',
    'Open the link again; if it happens again, tell an operator.',
  ];
  const code = aadsts === undefined ? [] : [`Code AADSTS${aadsts}.`];
  return notice(title, 200, 'bad', [...causeOfNumber(aadsts), text, ...code]);
}

function entraRefusal(outcome: RefusedOutcome, facts: Reason): Notice {
  const paragraphs = [...explainRefusal(outcome, facts), `Nothing was stored. Code ${facts.code}.`];
  return notice('Microsoft did not accept the consent', 200, 'bad', paragraphs);
}

/** What the app needs to go on is not there yet; Entra's code waits for the next try (Entra: it lives ten minutes). */
export const unfinishedNotice = (code: string): Notice =>
  notice('Your consent is not finished yet', 503, 'bad', [
    'The app cannot reach what it needs to end it at the moment. Nothing is lost and nothing was stored.',
    'Reload this page in a minute. After ten minutes, open the consent link again; if that fails, too, tell the operator of the app this code.',
    `Code ${code}.`,
  ]);

type UnexpectedUser = Extract<ConsentResult, { kind: 'other_user' | 'user_unproven' }>;

function unexpectedUser(
  { kind, userName = 'Whoever signed in' }: UnexpectedUser,
  { loginHint, pin }: ReturnType<typeof askedUser>,
): Notice {
  if (kind === 'user_unproven')
    return notice('Microsoft did not say who signed in', 403, 'bad', [
      `${userName} may be a guest here, and Microsoft did not name the home account. Nothing was stored.`,
      'Open the link again; if it happens again, tell an operator: "loginHint" in the registration then decides.',
    ]);
  // A guest's ids here are others than those at home, by which the account is bound.
  const asked = loginHint ?? `the user with object id ${pin?.objectId} in his home tenant, ${pin?.tenantId}`;
  return notice('Another user signed in', 403, 'bad', [
    `${userName} is not the user of this account, and nothing was stored.`,
    `Sign out at Microsoft or use a private window, open the link again, and sign in as ${asked}.`,
  ]);
}

/** How a consent ended, where it did not succeed. */
export function resultNotice(
  result: Exclude<ConsentResult, { kind: 'completed' }>,
  expected: ExpectedUser,
): Notice {
  switch (result.kind) {
    case 'refused_by_entra':
      return entraRefusal(result.outcome, result.facts);
    case 'id_token_invalid':
      return notice('Microsoft’s answer could not be verified', 502, 'bad', [
        `Nothing was stored. What was wrong: ${result.reason}.`,
        'Open the link again; if it happens again, tell an operator.',
      ]);
    case 'other_user':
    case 'user_unproven':
      return unexpectedUser(result, askedUser(expected));
    case 'no_refresh_token':
      return notice('Microsoft gave no refresh token', 200, 'bad', [
        'The application may not ask for offline access. An operator has to allow "offline_access" for it.',
      ]);
    case 'not_stored':
      return notice('The tokens could not be stored', 503, 'bad', [
        'You agreed, and the app could not keep what Microsoft gave it. Tell the operator of the app this code, and open the consent link again when it is mended.',
        `Code ${result.code}.`,
      ]);
    case 'not_published':
      return notice('The consent is stored, the access token is not yet', 503, 'bad', [
        'There is nothing more for you to do: the next sweep publishes what is missing, or tells why it cannot. Tell the operator of the app this code.',
        `Code ${result.code}.`,
      ]);
    default:
      return result satisfies never;
  }
}

/** The page after a completed consent; its address holds no code. */
export function completedNotice({ account, accessTokenExpiresAt, lackingScopes }: Receipt): Notice {
  return notice(`${account} is ready`, 200, 'good', [
    `The consent is stored and the access token published. It is valid until ${isoTime(accessTokenExpiresAt)} and will be refreshed before that.`,
    ...(lackingScopes.length === 0
      ? []
      : [
          `Microsoft did not grant all that was asked for; missing: ${lackingScopes.join(', ')}. Tell the operator of the app.`,
        ]),
    'You can close this page.',
  ]);
}
