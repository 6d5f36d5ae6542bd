import { at, isList, textOf, type Value } from '../arm/value.ts';
import {
  type CheckedWorld,
  demand,
  is,
  label,
  learn,
  type MustHave,
  ofType,
  type TemplateFinding,
  type View,
} from './must-have.ts';

const authentication = { type: 'Microsoft.Web/sites/config', name: '/authsettingsV2' };

const list = (value: Value | undefined): readonly Value[] => (isList(value) ? value : []);

/** The platform operation by which Azure switches off a rule that has failed for a week. */
const disabling = 'Microsoft.Insights/scheduledQueryRules/disable/action';

function tellsOfDisabledRules(view: View): TemplateFinding[] {
  const rules = ofType(view, 'Microsoft.Insights/activityLogAlerts');
  const told = rules.some(({ body }) => {
    const conditions = list(at(body, 'properties', 'condition', 'allOf'));
    const all = conditions.flatMap((each) => [each, ...list(at(each, 'anyOf'))]);
    return all.some((each) => textOf(at(each, 'equals')).toLowerCase() === disabling.toLowerCase());
  });
  return told ? [] : [{ at: ['resources'], message: `no activity-log alert tells of ${disabling}` }];
}

const receivers = [
  'emailReceivers',
  'webhookReceivers',
  'azureFunctionReceivers',
  'logicAppReceivers',
  'automationRunbookReceivers',
  'armRoleReceivers',
  'eventHubReceivers',
];

function commonSchema(view: View): TemplateFinding[] {
  return ofType(view, 'Microsoft.Insights/actionGroups').flatMap((group) => {
    const without = receivers
      .flatMap((kind) => list(at(group.body, 'properties', kind)))
      .filter((receiver) => at(receiver, 'useCommonAlertSchema') !== true)
      .map((receiver) => ({
        at: [...group.pointer, 'properties'],
        message: `the receiver "${textOf(at(receiver, 'name'))}" lacks useCommonAlertSchema: true`,
      }));
    const shortName = textOf(at(group.body, 'properties', 'groupShortName'));
    const message = `groupShortName "${shortName}" of ${label(group)} must have 1 to 12 characters`;
    const isShort = shortName.length > 0 && shortName.length <= 12;
    return isShort ? without : [...without, { at: group.pointer, message }];
  });
}

/**
 * The app asks for the sign-in itself, at the status page; the platform says who somebody is, everywhere, and lets
 * everybody pass. On an excluded path a client's own word of who it is might pass.
 */
function signIn(view: View): TemplateFinding[] {
  return ofType(view, authentication.type)
    .filter(({ name }) => name.endsWith(authentication.name))
    .flatMap((config) => {
      const validation = ['properties', 'globalValidation'];
      const provider = ['properties', 'identityProviders', 'azureActiveDirectory'];
      const excluded = list(at(config.body, ...validation, 'excludedPaths')).map(textOf);
      return [
        ...demand(config, ['properties', 'platform', 'enabled'], is(true)),
        ...demand(config, [...provider, 'enabled'], is(true)),
        ...demand(config, [...validation, 'requireAuthentication'], is(false)),
        ...demand(config, [...validation, 'unauthenticatedClientAction'], is('AllowAnonymous')),
        ...excluded
          .filter((path) => !path.startsWith('/admin/'))
          .map((path) => ({
            at: [...config.pointer, ...validation],
            message: `${path} is excluded from the platform's authentication: take it out`,
          })),
      ];
    });
}

function signInIsPossible(views: readonly View[]): TemplateFinding[] {
  const isPossible = views.some((view) =>
    ofType(view, authentication.type).some(({ name }) => name.endsWith(authentication.name)),
  );
  const message = 'no set of parameters puts platform authentication before the status page';
  return isPossible ? [] : [{ at: ['resources'], message }];
}

/** Action groups that may be given, beside the one that is made here. */
const mostGivenGroups = 4;

function fewActionGroups({ template }: CheckedWorld): TemplateFinding[] {
  const { maxLength = Number.POSITIVE_INFINITY } = template.parameters?.['alertActionGroupIds'] ?? {};
  if (maxLength <= mostGivenGroups) return [];
  const message = `alertActionGroupIds takes more than ${mostGivenGroups}: give it @maxLength(${mostGivenGroups})`;
  return [{ at: ['parameters', 'alertActionGroupIds'], message }];
}

export const alertingMustHaves: readonly MustHave[] = [
  {
    rule: 'alert-disabled-rule',
    must: 'An activity-log alert tells when an alert rule is switched off.',
    because: 'Azure switches off a rule that has failed for a week, and then nothing is told',
    source: learn('azure-monitor/alerts/alerts-troubleshoot-log'),
    each: tellsOfDisabledRules,
  },
  {
    rule: 'action-group',
    must: 'Every receiver of alerts gets the common alert schema.',
    because: 'dimensions, runbook and status page are in that one only',
    source: learn('azure-monitor/alerts/alerts-common-schema'),
    each: commonSchema,
  },
  {
    rule: 'alert-action-groups',
    must: 'No more action groups can be given than an alert rule takes.',
    because: 'it takes five, and the deployment would fail at its end',
    source: learn('azure-monitor/alerts/action-groups'),
    overall: fewActionGroups,
  },
  {
    rule: 'status-sign-in',
    must: 'With an app registration the platform says on every path who is signed in, and lets everybody pass.',
    because: 'users who consent have no account for the status page, and nobody may pose as one who has',
    source: learn('app-service/overview-authentication-authorization'),
    each: signIn,
    overall: ({ views }) => signInIsPossible(views),
  },
];
