import { app, type HttpRequest, type InvocationContext } from '@azure/functions';
import { withConsent } from '../src/app.ts';
import {
  type ConsentEnvironment,
  finishConsent,
  mintLinkFor,
  openNewLink,
  showCompleted,
  showConsent,
  startConsent,
} from '../src/consent/consent-routes.ts';
import type { PageResponse } from '../src/pages/page.ts';
import { refuseStranger } from '../src/status/access.ts';
import { refusalAnswer } from '../src/status/refusal-answer.ts';
import { forgetStatus } from '../src/status-source.ts';

type Route = (environment: ConsentEnvironment, request: HttpRequest) => Promise<PageResponse>;

function register(
  name: string,
  methods: ('GET' | 'POST')[],
  route: string,
  answer: Route,
  authLevel: 'anonymous' | 'function' = 'anonymous',
): void {
  app.http(name, {
    methods,
    authLevel,
    route,
    handler: (request: HttpRequest, context: InvocationContext) =>
      withConsent(
        (environment) => answer(environment, request),
        (line) => context.log(line),
      ),
  });
}

const accountOf = (request: HttpRequest): string => request.params['account'] ?? '';

// Anonymous to the platform: what guards them is the signed link. No account can be named like the two fixed paths,
// which come first.
register('consentCallback', ['GET'], 'consent/callback', async (environment, request) => {
  const answer = await finishConsent(environment, new URL(request.url), request.headers.get('cookie') ?? '');
  // The status page must not go on asking for a consent that was just given.
  forgetStatus();
  return answer;
});
register('consentDone', ['GET'], 'consent/done', (environment, request) =>
  showCompleted(environment, new URL(request.url)),
);
register('consent', ['GET', 'POST'], 'consent/{account}', async (environment, request) =>
  request.method === 'POST'
    ? startConsent(environment, accountOf(request), await request.text())
    : showConsent(environment, accountOf(request), new URL(request.url)),
);
register(
  'consentLink',
  ['POST'],
  'tools/consent-link/{account}',
  (environment, request) => mintLinkFor(environment, accountOf(request)),
  'function',
);
// For the status page's button: behind the platform's authentication, like the page.
register('newConsentLink', ['POST'], 'consent-link/{account}', async (environment, request) => {
  const principal = request.headers.get('x-ms-client-principal') ?? undefined;
  const stranger = refuseStranger(principal, process.env['WEBSITE_AUTH_ENABLED']);
  return stranger === undefined
    ? openNewLink(environment, accountOf(request))
    : refusalAnswer('html', stranger);
});
