import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Sensitive } from '../../src/sensitive.ts';
import { assertAccepted, assertHealthy, nextSweepOfNewProcess } from '../refresh/harness.ts';
import { createScene, signIn, twoTokens } from './scene.ts';

describe('a consent’s refresh token is stored whatever is wrong beside it', () => {
  const faults: readonly (readonly [string, object])[] = [
    ['no access token', { access_token: undefined }],
    ['a lifetime that is none', { expires_in: 'soon' }],
    ['another token type', { token_type: 'mac' }],
  ];
  for (const [what, change] of faults) {
    test(`${what}: the code is spent, the consent stands, the next sweep publishes`, async () => {
      const scene = await createScene('revoked', 'strict', twoTokens);
      const { world } = scene;
      const finish = await signIn(scene);
      const environment = world.createEnvironment();
      let answers = 0;
      const { endpoint } = environment;
      const altered = {
        async send(request: Parameters<typeof endpoint.send>[0]) {
          const exchange = await endpoint.send(request);
          answers += 1;
          if (exchange.kind !== 'answered' || answers > 1) return exchange;
          const body = { ...JSON.parse(exchange.body.reveal()), ...change };
          return { ...exchange, body: new Sensitive(JSON.stringify(body)) };
        },
      };
      const result = await world.clock.run(finish({ ...environment, endpoint: altered }));
      assert.equal(result.kind, 'not_published');
      assert.match('code' in result ? result.code : '', /^malformed_/);
      assertAccepted(world, 'a');
      assert.equal(answers, 2, 'the further access token was asked for');
      assertHealthy(world, await nextSweepOfNewProcess(world), 'a');
    });
  }
});
