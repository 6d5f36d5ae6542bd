import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { Sensitive } from '../../src/sensitive.ts';
import { secondsPerDay } from '../../src/time.ts';
import { encodeSkipToken, type Page } from './paging.ts';
import type { SecretChange, SecretInput, SecretVersion } from './secret-history.ts';
import { type DeletedSecret, recoveryLevel, type SoftDeleteSettings } from './soft-delete.ts';
import { badParameter, type KeyVaultRefusal } from './vault-refusal.ts';

/** What every answer of one vault is written with. */
export interface WireContext {
  readonly vaultUrl: string;
  readonly softDelete: SoftDeleteSettings;
}

const secondsSchema = z.int();

const changeSchema = z.object({
  contentType: z.string().nullish(),
  tags: z.record(z.string(), z.string()).nullish(),
  attributes: z
    .object({
      enabled: z.boolean().nullish(),
      nbf: secondsSchema.nullish(),
      exp: secondsSchema.nullish(),
    })
    .nullish(),
});

const inputSchema = changeSchema.extend({ value: z.string() });

/** The body of a PUT. Throws `BadParameter`, as every parser here does. */
export function parseInput(body: string): SecretInput {
  const { value, ...change } = parse(inputSchema, body);
  return { value: new Sensitive(value), ...changeOf(change) };
}

/** The body of a PATCH. */
export function parseChange(body: string): SecretChange {
  return changeOf(parse(changeSchema, body));
}

function parse<T>(schema: z.ZodType<T>, body: string): T {
  if (body === '') throw badParameter('Request body not specified.');
  const parsed = schema.safeParse(jsonOf(body));
  // assumed: the wording.
  if (!parsed.success) throw badParameter('The request body is invalid.');
  return parsed.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function changeOf({ contentType, tags, attributes }: z.infer<typeof changeSchema>): SecretChange {
  return defined({
    contentType,
    tags,
    enabled: attributes?.enabled,
    notBefore: attributes?.nbf,
    expiresAt: attributes?.exp,
  });
}

type GivenFields<T> = { [K in keyof T]?: Exclude<T[K], undefined | null> };

/** assumed: null means the same as absent, there is no way to take an attribute away. */
function defined<T extends object>(record: T): GivenFields<T> {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(entries) as GivenFields<T>;
}

/** With value and version: the answer to PUT and GET. */
export function secretBundle(context: WireContext, secret: SecretVersion): object {
  return { value: secret.value.reveal(), ...secretMetadata(context, secret) };
}

/** Without value: the answer to PATCH. */
export function secretMetadata(context: WireContext, secret: SecretVersion): object {
  return { ...secretItem(context, secret), id: versionId(context, secret) };
}

/** Without value and version: an item of a listing. */
export function secretItem(context: WireContext, secret: SecretVersion): object {
  return {
    id: `${context.vaultUrl}/secrets/${secret.name}`,
    ...(secret.contentType === undefined ? {} : { contentType: secret.contentType }),
    attributes: attributes(context, secret),
    // Recorded (Go TestListSecrets): without tags there is no such member.
    ...(Object.keys(secret.tags).length === 0 ? {} : { tags: secret.tags }),
  };
}

/** The answer to DELETE and to a GET of a deleted secret; never with the value. */
export function deletedSecretBundle(context: WireContext, deleted: DeletedSecret): object {
  return {
    recoveryId: `${context.vaultUrl}/deletedsecrets/${deleted.secret.name}`,
    deletedDate: deleted.deletedAt,
    scheduledPurgeDate: deleted.scheduledPurgeAt,
    ...secretMetadata(context, deleted.secret),
  };
}

function versionId(context: WireContext, secret: SecretVersion): string {
  return `${context.vaultUrl}/secrets/${secret.name}/${secret.version}`;
}

function attributes({ softDelete }: WireContext, secret: SecretVersion): object {
  return {
    enabled: secret.enabled,
    ...(secret.notBefore === undefined ? {} : { nbf: secret.notBefore }),
    ...(secret.expiresAt === undefined ? {} : { exp: secret.expiresAt }),
    created: secret.createdAt,
    updated: secret.updatedAt,
    recoveryLevel: recoveryLevel(softDelete),
    recoverableDays: softDelete.retentionDays,
  };
}

/**
 * `nextLink` is absolute, carries the port and, last, the `maxresults` that was asked for; on the last page it is null
 * (recorded: JS recording_can_list_secrets_by_page, Go TestListSecrets).
 */
export function listResult<T>(
  context: WireContext,
  requestUrl: URL,
  page: Page<T>,
  item: (context: WireContext, value: T) => object,
): object {
  const apiVersion = requestUrl.searchParams.get('api-version') ?? '';
  const maxResults = requestUrl.searchParams.get('maxresults');
  const pageSize = maxResults === null ? '' : `&maxresults=${maxResults}`;
  const nextLink =
    page.next === undefined
      ? null
      : `${requestUrl.origin}${requestUrl.pathname}?api-version=${apiVersion}&$skiptoken=${encodeSkipToken(page.next)}${pageSize}`;
  return { value: page.items.map((value) => item(context, value)), nextLink };
}

export function errorBody(refusal: KeyVaultRefusal): object {
  const innererror = refusal.innerCode === undefined ? {} : { innererror: { code: refusal.innerCode } };
  return { error: { code: refusal.code, message: refusal.message, ...innererror } };
}

/** assumed: the values of the RBAC headers and the region. */
export function responseHeaders(request: IncomingHttpHeaders, remoteAddress: string): OutgoingHttpHeaders {
  const clientRequestId = request['x-ms-client-request-id'];
  return {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-cache',
    Pragma: 'no-cache',
    Expires: '-1',
    'x-ms-keyvault-region': 'local',
    'x-ms-request-id': randomUUID(),
    ...(clientRequestId === undefined ? {} : { 'x-ms-client-request-id': clientRequestId }),
    'x-ms-keyvault-service-version': '1.9.0.0',
    'x-ms-keyvault-network-info': `conn_type=Ipv4;addr=${remoteAddress};act_addr_fam=InterNetwork;`,
    'x-ms-keyvault-rbac-assignment-id': '00000000000000000000000000000000',
    'x-ms-keyvault-rbac-cache': 'ra_age=0;da_age=0;rd_age=0;brd_age=0;ra_notif_age=0;dec_lev=0;',
    'Strict-Transport-Security': `max-age=${365 * secondsPerDay};includeSubDomains`,
    'X-Content-Type-Options': 'nosniff',
  };
}
