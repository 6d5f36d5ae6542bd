import {
  deletedSecretBundle,
  listResult,
  parseChange,
  parseInput,
  secretBundle,
  secretItem,
  secretMetadata,
  type WireContext,
} from './key-vault-wire.ts';
import { decodeSkipToken, firstPage, maximumPageSize, type PageCursor } from './paging.ts';
import { badParameter, type KeyVaultRefusal, methodNotAllowed } from './vault-refusal.ts';
import type { VaultRequest, VaultWireOperation } from './vault-request.ts';
import type { VaultState } from './vault-state.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
}

/** What a request asks for, and the work that answers it. */
interface VaultRoute {
  readonly request: VaultRequest;
  readonly answer: () => object;
}

interface RoutedCall extends HttpRequest {
  readonly state: VaultState;
  readonly context: WireContext;
  readonly name: string;
  readonly version: string;
}

interface RouteRule {
  readonly operation: VaultWireOperation;
  readonly answer: (call: RoutedCall) => object;
}

const setSecret: RouteRule = {
  operation: 'set',
  answer: ({ state, context, name, body }) => secretBundle(context, state.set(name, parseInput(body))),
};

const getSecret: RouteRule = {
  operation: 'get',
  answer: ({ state, context, name, version, url }) => {
    const found = state.get(name, version);
    // Recorded (Go TestGetSecretWithOutContentType); no secret here backs a certificate.
    if (url.searchParams.has('outContentType')) {
      throw badParameter(
        "The 'Unsupported' to 'PEM' transformation is not supported. Only PFX to PEM transformation is supported.",
      );
    }
    return secretBundle(context, found);
  },
};

const updateSecret: RouteRule = {
  operation: 'update',
  answer: ({ state, context, name, version, body }) =>
    secretMetadata(context, state.update(name, version, parseChange(body))),
};

const listSecrets: RouteRule = {
  operation: 'list',
  answer: ({ state, context, url }) => listResult(context, url, state.list(...paging(url)), secretItem),
};

const listVersions: RouteRule = {
  operation: 'list_versions',
  answer: ({ state, context, url, name }) =>
    listResult(context, url, state.listVersions(name, ...paging(url)), secretMetadata),
};

/** By method and path; `*` stands for a name or a version. */
const rules: Readonly<Record<string, RouteRule>> = {
  'GET secrets': listSecrets,
  'PUT secrets/*': setSecret,
  'GET secrets/*': getSecret,
  'GET secrets/*/*': getSecret,
  'PATCH secrets/*': updateSecret,
  'PATCH secrets/*/*': updateSecret,
  'GET secrets/*/versions': listVersions,
  'DELETE secrets/*': {
    operation: 'delete',
    answer: ({ state, context, name }) => deletedSecretBundle(context, state.delete(name)),
  },
  'GET deletedsecrets/*': {
    operation: 'get_deleted',
    answer: ({ state, context, name }) => deletedSecretBundle(context, state.getDeleted(name)),
  },
};

const apiVersions: ReadonlySet<string> = new Set([
  '7.0',
  '7.1',
  '7.2',
  '7.3',
  '7.4',
  '7.5',
  '7.6',
  '2025-07-01',
  '2026-04-01',
]);

/**
 * Throws 405 for a path that knows other methods only (recorded: JS recording_cannot_create_a_secret_with_an_empty_name).
 * assumed: an unknown path or API version is a `BadParameter`.
 */
export function route(http: HttpRequest, state: VaultState, context: WireContext): VaultRoute {
  if (!apiVersions.has(http.url.searchParams.get('api-version') ?? '')) {
    throw badParameter('The api-version is missing or not supported.');
  }
  const segments = http.url.pathname.split('/').filter((segment) => segment !== '');
  const [collection = '', name = '', third = ''] = segments.map(decodeURIComponent);
  const paths = [
    segments.join('/'),
    [collection, '*', third].join('/'),
    [collection, ...segments.slice(1).map(() => '*')].join('/'),
  ];
  const rule = paths.map((path) => rules[`${http.method} ${path}`]).find((found) => found !== undefined);
  if (rule === undefined) throw unknownRoute(http, paths);
  const { operation } = rule;
  const request = name === '' ? { operation } : { operation, name };
  return { request, answer: () => rule.answer({ ...http, state, context, name, version: third }) };
}

function unknownRoute({ method, url }: HttpRequest, paths: readonly string[]): KeyVaultRefusal {
  const isKnown = Object.keys(rules).some((rule) => paths.includes(rule.replace(/^\w+ /, '')));
  return isKnown ? methodNotAllowed(method) : badParameter(`There is no ${method} ${url.pathname}.`);
}

function paging(url: URL): [cursor: PageCursor, maxResults: number] {
  const maxResults = url.searchParams.get('maxresults') ?? String(maximumPageSize);
  // assumed: a page size outside 1..25, or a skiptoken of other make, is a `BadParameter`.
  if (!/^([1-9]|1\d|2[0-5])$/.test(maxResults)) throw badParameter('maxresults must be from 1 to 25.');
  const token = url.searchParams.get('$skiptoken');
  const cursor = token === null ? firstPage : decodeSkipToken(token);
  if (cursor === undefined) throw badParameter('The $skiptoken is invalid.');
  return [cursor, Number(maxResults)];
}
