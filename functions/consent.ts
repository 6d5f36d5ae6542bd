import { app, type HttpRequest, type InvocationContext } from '@azure/functions';
import { type Fault, withConsent } from '../src/app/invocations.ts';
import { forgetStatus } from '../src/app/status-source.ts';
import {
  noticePage,
  otherSitePage,
  tooLongPage,
  unavailablePage,
  unfinishedNotice,
} from '../src/consent/consent-pages.ts';
import {
  answerEnd,
  type ConsentEnvironment,
  endConsent,
  mintLinkFor,
  openNewLink,
  showCompleted,
  showConsent,
  startConsent,
} from '../src/consent/consent-routes.ts';
import {
  isFromOtherSite,
  keyInUrl,
  otherSite,
  type RequestRefusal,
  readBody,
  refuseStranger,
} from '../src/http/access.ts';
import { jsonError, refusalAnswer } from '../src/http/answers.ts';
import type { PageResponse } from '../src/http/page.ts';

type Route = (environment: ConsentEnvironment, request: HttpRequest) => Promise<PageResponse>;

/** Runs a route; what `refuse` tells of a fault depends on who may be asking. */
const handle =
  (answer: Route, refuse: (fault: Fault) => PageResponse) =>
  (request: HttpRequest, context: InvocationContext): Promise<PageResponse> =>
    withConsent(
      (environment) => answer(environment, request),
      refuse,
      (line) => context.log(line),
    );

/** Anonymous to the platform: what guards these is the signed link. */
function registerPage(
  name: string,
  way: { readonly methods: ('GET' | 'POST')[]; readonly route: string },
  answer: Route,
  refuse: (fault: Fault) => PageResponse = unavailablePage,
): void {
  app.http(name, { ...way, authLevel: 'anonymous', handler: handle(answer, refuse) });
}

/** Nothing is spent before the vaults have answered. */
const unfinishedPage = (fault: Fault): PageResponse =>
  fault.status === 503 ? noticePage(unfinishedNotice(fault.code)) : unavailablePage(fault);

const accountOf = (request: HttpRequest): string => request.params['account'] ?? '';
const header = ({ headers }: HttpRequest, name: string): string | undefined => headers.get(name) ?? undefined;

// The host takes the first route that fits, by function name: no two may fit one path, hence `for`.
registerPage(
  'consentCallback',
  { methods: ['GET'], route: 'consent/callback' },
  async (environment, request) => {
    const end = await endConsent(environment, new URL(request.url), header(request, 'cookie') ?? '');
    // The status page must not go on asking for a consent that was just given; a stranger has given none.
    if (end !== undefined && end.kind !== 'paused') forgetStatus();
    return answerEnd(end);
  },
  unfinishedPage,
);
registerPage('consentDone', { methods: ['GET'], route: 'consent/done' }, (environment, request) =>
  showCompleted(environment, new URL(request.url)),
);
registerPage(
  'consent',
  { methods: ['GET', 'POST'], route: 'consent/for/{account}' },
  async (environment, request) => {
    if (request.method !== 'POST') return showConsent(environment, accountOf(request), new URL(request.url));
    // A foreign page that holds a link must not lead the user past the page that says what for: where Entra has asked
    // before, it does not ask again. Not by origin: without a referrer, older browsers say "null" on the page itself.
    const source = { site: header(request, 'sec-fetch-site'), origin: undefined };
    if (isFromOtherSite(source, environment.publicUrl)) return otherSitePage();
    const form = await readBody(request);
    return form === undefined ? tooLongPage() : startConsent(environment, accountOf(request), form);
  },
);

const mintLink = handle(
  (environment, request) => mintLinkFor(environment, accountOf(request)),
  (fault) => jsonError(fault.status, fault),
);

app.http('consentLink', {
  methods: ['POST'],
  authLevel: 'function',
  route: 'tools/consent-link/{account}',
  handler: async (request, context) => {
    const keyed = keyInUrl(request.query);
    return keyed === undefined ? mintLink(request, context) : jsonError(keyed.status, keyed);
  },
});

const noLink = (refusal: RequestRefusal): PageResponse => refusalAnswer('html', refusal, 'No consent link');

const openLink = handle(async (environment, request) => {
  const source = { site: header(request, 'sec-fetch-site'), origin: header(request, 'origin') };
  if (isFromOtherSite(source, environment.publicUrl)) return noLink(otherSite);
  return openNewLink(environment, accountOf(request));
}, noLink);

// For the status page's button: behind the platform's authentication, like the page. Strangers learn of no fault.
app.http('newConsentLink', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'consent-link/{account}',
  handler: async (request, context) => {
    const principal = header(request, 'x-ms-client-principal');
    const stranger = refuseStranger(principal, process.env['WEBSITE_AUTH_ENABLED']);
    return stranger === undefined ? openLink(request, context) : noLink(stranger);
  },
});
