import { app, type HttpRequest, type InvocationContext } from '@azure/functions';
import type { RunningSweep } from '../src/accounts/heartbeat.ts';
import { answerLimitSeconds } from '../src/app/environment.ts';
import { faultOf, sweep } from '../src/app/invocations.ts';
import { forgetStatus } from '../src/app/status-source.ts';
import { keyInUrl, longestBodyBytes, readBody } from '../src/http/access.ts';
import { json, jsonError } from '../src/http/answers.ts';
import type { PageResponse } from '../src/http/page.ts';
import { type AskedRefresh, parseRefreshRequest } from '../src/sweep/refresh-request.ts';
import { SweepRunningError } from '../src/sweep/sweep-error.ts';
import { reportJson } from '../src/sweep/sweep-report.ts';
import { isoTime } from '../src/time.ts';

const momentsOf = ({ since, until }: RunningSweep) => ({ since: isoTime(since), until: isoTime(until) });

async function refresh(asked: AskedRefresh, context: InvocationContext): Promise<PageResponse> {
  const { account } = asked;
  const { invocationId } = context;
  const started = { trigger: 'on_demand', invocationId, pastDue: false } as const;
  const request = { ...started, ...asked, deadlineSeconds: answerLimitSeconds };
  try {
    const answer = await sweep(request, (line) => context.log(line));
    if (answer.kind === 'running') return json(202, { running: momentsOf(answer) });
    const { report } = answer;
    if (account !== undefined && report.accounts.length === 0) {
      const cause = `There is no account "${account.slice(0, 80)}".`;
      return jsonError(404, { code: 'account_unknown', cause });
    }
    return json(200, reportJson(report));
  } catch (error) {
    if (error instanceof SweepRunningError)
      return json(409, { error: { ...error.reason, ...momentsOf(error) } });
    const fault = faultOf(error);
    if (fault === undefined) throw error;
    return jsonError(fault.status, fault);
  } finally {
    forgetStatus();
  }
}

const tooLong = jsonError(413, {
  code: 'body_too_long',
  cause: `The body has more than ${longestBodyBytes} bytes.`,
  remedy: 'Send an empty body, or {"account":"<id>"}.',
});

app.http('refreshNow', {
  methods: ['POST'],
  authLevel: 'function',
  route: 'refresh',
  handler: async (request: HttpRequest, context) => {
    const keyed = keyInUrl(request.query);
    if (keyed !== undefined) return jsonError(keyed.status, keyed);
    const body = await readBody(request);
    if (body === undefined) return tooLong;
    const asked = parseRefreshRequest(body);
    if (!asked.ok) return jsonError(400, { code: 'request_invalid', cause: asked.fault });
    return refresh(asked.asked, context);
  },
});
