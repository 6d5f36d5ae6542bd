import { at, isList, textOf, type Value } from '../arm/value.ts';
import { type Finding, label, type MustHave, ofType, siteOf, type View } from './must-have.ts';

const list = (value: Value | undefined): readonly Value[] => (isList(value) ? value : []);

/** The platform operation by which Azure switches off a rule that has failed for a week. */
const disabling = 'Microsoft.Insights/scheduledQueryRules/disable/action';

function tellsOfDisabledRules(view: View): Finding[] {
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

function commonSchema(view: View): Finding[] {
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

/** Paths that stay outside the sign-in: they have a signed link or a function key of their own. */
const open = ['/api/consent/', '/api/tools/', '/api/refresh'];

/** With platform authentication on, consent and tools are reachable and the status page is not. */
function consentStaysReachable(view: View): Finding[] {
  return ofType(view, 'Microsoft.Web/sites/config')
    .filter(({ name }) => name.endsWith('/authsettingsV2'))
    .flatMap(({ body, pointer }) => {
      const validation = at(body, 'properties', 'globalValidation');
      const excluded = list(at(validation, 'excludedPaths')).map((path) => textOf(path).replace(/\*$/, ''));
      const missing = open.filter((path) => !excluded.includes(path));
      const messages = missing.map(
        (path) => `${path} is not among excludedPaths and would ask for a sign-in`,
      );
      if (at(validation, 'requireAuthentication') !== true)
        messages.push('requireAuthentication must be true');
      if (excluded.some((path) => '/api/status'.startsWith(path)))
        messages.push('the status page is excluded from the sign-in');
      return messages.map((message) => ({ at: [...pointer, 'properties', 'globalValidation'], message }));
    });
}

function signInIsPossible(views: readonly View[]): Finding[] {
  const hasAuthentication = views.some((view) =>
    ofType(view, 'Microsoft.Web/sites/config').some(({ name }) => name.endsWith('/authsettingsV2')),
  );
  const message = 'no set of parameters puts platform authentication before the status page';
  return hasAuthentication || siteOf(views[0] as View) === undefined ? [] : [{ at: ['resources'], message }];
}

export const alertingMustHaves: readonly MustHave[] = [
  {
    rule: 'alert-disabled-rule',
    must: 'An activity-log alert tells when an alert rule is switched off.',
    because: 'Azure switches off a rule that has failed for a week, and then nothing is told',
    each: tellsOfDisabledRules,
  },
  {
    rule: 'action-group',
    must: 'Every receiver of alerts gets the common alert schema.',
    because: 'dimensions, runbook and status page are in that one only',
    each: commonSchema,
  },
  {
    rule: 'status-sign-in',
    must: 'Platform authentication guards the status page and leaves consent and tools reachable.',
    because: 'users who consent have no account for the status page',
    each: consentStaysReachable,
    overall: ({ views }) => signInIsPossible(views),
  },
];
