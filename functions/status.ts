import { app, type HttpRequest, type InvocationContext } from '@azure/functions';
import { faultOf } from '../src/app/invocations.ts';
import { statusSnapshot } from '../src/app/status-source.ts';
import { keyInUrl, refuseStranger, signInAddress } from '../src/http/access.ts';
import { type Format, formatOf, refusalAnswer } from '../src/http/answers.ts';
import { type PageResponse, redirect } from '../src/http/page.ts';
import { parseFilter } from '../src/status/filter.ts';
import { statusJson } from '../src/status/status-json.ts';
import { statusPage } from '../src/status/status-page.ts';

const formatFor = ({ headers }: HttpRequest, preset: Format): Format =>
  formatOf(headers.get('accept') ?? undefined, preset);

async function answer(
  request: HttpRequest,
  context: InvocationContext,
  format: Format,
): Promise<PageResponse> {
  const keyed = keyInUrl(request.query);
  if (keyed !== undefined) return refusalAnswer(format, keyed);
  const filter = parseFilter(request.query);
  if ('cause' in filter) return refusalAnswer(format, filter);
  try {
    const snapshot = await statusSnapshot(process.env, (line) => context.log(line));
    return format === 'json' ? statusJson(snapshot, filter) : statusPage(snapshot, filter);
  } catch (error) {
    const fault = faultOf(error);
    if (fault === undefined) throw error;
    return refusalAnswer(format, fault);
  }
}

// Anonymous to the Functions host: the platform's authentication signs users in, and its principal is checked here.
app.http('status', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'status',
  handler: async (request, context) => {
    const format = formatFor(request, 'html');
    const principal = request.headers.get('x-ms-client-principal') ?? undefined;
    const stranger = refuseStranger(principal, process.env['WEBSITE_AUTH_ENABLED']);
    if (stranger === undefined) return answer(request, context, format);
    // A principal of another kind stays one after a further sign-in.
    const maySignIn = stranger.code === 'not_signed_in' && principal === undefined && format === 'html';
    return maySignIn ? redirect(signInAddress(new URL(request.url).search)) : refusalAnswer(format, stranger);
  },
});

app.http('statusForTools', {
  methods: ['GET'],
  authLevel: 'function',
  route: 'tools/status',
  handler: (request, context) => answer(request, context, formatFor(request, 'json')),
});
