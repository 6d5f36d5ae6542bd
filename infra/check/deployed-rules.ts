import type { FileFault } from '../../local/file-fault.ts';
import { type RuleWithQuery, statusPagePlaceholder } from '../../local/monitor/alert-rules.ts';
import type { Resource } from './arm/expand.ts';
import { at, isEqual, isList, isObject, plainOf, textOf, type Value } from './arm/value.ts';
import type { Locate } from './must-haves/check-template.ts';
import { ofType, type TemplateFinding, type View } from './must-haves/must-have.ts';

const type = 'Microsoft.Insights/scheduledQueryRules';
const apiVersion = '2023-12-01';

/** What a deployed rule has to say at each path, from its line of rules.json. */
function expected(rule: RuleWithQuery): readonly (readonly [path: string, value: Value | undefined])[] {
  const condition = 'properties.criteria.allOf.0';
  return [
    ['apiVersion', apiVersion],
    ['properties.displayName', rule.title],
    ['properties.description', rule.description],
    ['properties.severity', rule.severity],
    ['properties.enabled', true],
    ['properties.evaluationFrequency', rule.evaluationFrequency],
    ['properties.windowSize', rule.windowSize],
    ['properties.autoMitigate', rule.stateful],
    ['properties.muteActionsDuration', undefined],
    ['properties.skipQueryValidation', true],
    [`${condition}.timeAggregation`, rule.measure === undefined ? 'Count' : 'Maximum'],
    [`${condition}.metricMeasureColumn`, rule.measure],
    [`${condition}.operator`, rule.operator],
    [`${condition}.threshold`, rule.threshold],
    [`${condition}.failingPeriods`, { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }],
    ['properties.criteria.allOf.1', undefined],
    ['identity.type', 'UserAssigned'],
  ];
}

const pathOf = (path: string): (string | number)[] =>
  path.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));

const shown = (value: Value | undefined): string =>
  value === undefined || value === null ? 'missing' : JSON.stringify(plainOf(value));

function memberFindings(rule: RuleWithQuery, resource: Resource): TemplateFinding[] {
  return expected(rule).flatMap(([path, value]) => {
    const deployed = at(resource.body, ...pathOf(path));
    if (isEqual(sorted(deployed), sorted(value))) return [];
    const why = path.endsWith('muteActionsDuration') ? ': mute and autoMitigate exclude each other' : '';
    return [
      finding(resource, path, `is ${shown(deployed)} and rules.json wants ${shown(value)}${why}`, rule.name),
    ];
  });
}

/** Azure reads members in any order. */
function sorted(value: Value | undefined): Value | undefined {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a.localeCompare(b)));
}

function finding(resource: Resource, path: string, message: string, name: string): TemplateFinding {
  return { at: [...resource.pointer, ...pathOf(path)], message: `${path} of the rule "${name}" ${message}` };
}

function dimensionFindings(rule: RuleWithQuery, resource: Resource): TemplateFinding[] {
  const path = 'properties.criteria.allOf.0.dimensions';
  const deployed = at(resource.body, ...pathOf(path)) ?? [];
  const wanted = rule.dimensions.map((name) => ({ name, operator: 'Include', values: ['*'] }));
  const same =
    isList(deployed) &&
    isEqual(
      deployed.map((each) => sorted(each) ?? null),
      wanted.map((each) => sorted(each) ?? null),
    );
  return same
    ? []
    : [finding(resource, path, `is ${shown(deployed)} and rules.json wants ${shown(wanted)}`, rule.name)];
}

/** The query is the prelude and the rule's own, with the status page's address in place. */
function queryFindings(rule: RuleWithQuery, resource: Resource): TemplateFinding[] {
  const path = 'properties.criteria.allOf.0.query';
  const query = textOf(at(resource.body, ...pathOf(path)));
  const [before = '', ...after] = rule.query.split(statusPagePlaceholder);
  const address = query.slice(before.length, query.indexOf('"', before.length));
  if (after.length === 0 || query !== [before, ...after].join(address)) {
    const message = `is not prelude.kql and ${rule.name}.kql with the status page's address: run npm run build:infra`;
    return [finding(resource, path, message, rule.name)];
  }
  return /^https:\/\/.+\/api\/status$/.test(address)
    ? []
    : [finding(resource, path, `has "${address}" as the status page's address`, rule.name)];
}

function actionFindings(rule: RuleWithQuery, resource: Resource): TemplateFinding[] {
  const actions = at(resource.body, 'properties', 'actions');
  const findings: TemplateFinding[] = [];
  const groups = at(actions, 'actionGroups');
  if (!isList(groups) || groups.length === 0) {
    findings.push(finding(resource, 'properties.actions', 'tells no action group', rule.name));
  }
  if (!textOf(at(actions, 'customProperties', 'runbook')).endsWith(`#${rule.name}`)) {
    findings.push(
      finding(resource, 'properties.actions', `has no runbook ending in #${rule.name}`, rule.name),
    );
  }
  if (!textOf(at(actions, 'customProperties', 'statusPage')).startsWith('https://')) {
    findings.push(finding(resource, 'properties.actions', 'has no statusPage', rule.name));
  }
  return findings;
}

function scopeFindings(rule: RuleWithQuery, resource: Resource, view: View): TemplateFinding[] {
  const scopes = at(resource.body, 'properties', 'scopes');
  const workspaces = ofType(view, 'Microsoft.OperationalInsights/workspaces').map(({ id }) => id);
  const isWorkspace = isList(scopes) && scopes.length === 1 && workspaces.includes(textOf(scopes[0]));
  return isWorkspace ? [] : [finding(resource, 'properties.scopes', 'is not the workspace alone', rule.name)];
}

function findingsOf(rules: readonly RuleWithQuery[], view: View): TemplateFinding[] {
  const deployed = ofType(view, type);
  const ofRule = new Map(rules.map((rule) => [rule, deployed.filter((each) => isOf(rule, rules, each))]));
  const known = new Set([...ofRule.values()].flat());
  return [
    ...[...ofRule].flatMap(([rule, [resource, second]]): TemplateFinding[] => {
      if (resource === undefined)
        return [{ at: ['resources'], message: `the rule "${rule.name}" is not deployed` }];
      if (second !== undefined)
        return [{ at: second.pointer, message: `the rule "${rule.name}" is deployed twice` }];
      return [memberFindings, dimensionFindings, queryFindings, actionFindings, scopeFindings].flatMap(
        (check) => check(rule, resource, view),
      );
    }),
    ...deployed
      .filter((each) => !known.has(each))
      .map((each) => ({ at: each.pointer, message: `"${each.name}" is deployed and not in rules.json` })),
  ];
}

/** A rule's resource has the rule's name at its end; another rule's longer name may end the same. */
function isOf({ name }: RuleWithQuery, rules: readonly RuleWithQuery[], resource: Resource): boolean {
  const ends = (other: string): boolean => resource.name === other || resource.name.endsWith(`-${other}`);
  return ends(name) && !rules.some((other) => other.name.length > name.length && ends(other.name));
}

/** Alerts of the platform's activity log link to the runbook as well. */
function activityFindings(view: View, anchors: ReadonlySet<string>): TemplateFinding[] {
  return ofType(view, 'Microsoft.Insights/activityLogAlerts').flatMap((alert) => {
    const groups = at(alert.body, 'properties', 'actions', 'actionGroups');
    const links = (isList(groups) ? groups : []).map((group) =>
      textOf(at(group, 'webhookProperties', 'runbook')),
    );
    const broken = links.filter((link) => !anchors.has(link.split('#')[1] ?? ''));
    return broken.map((link) => ({
      at: [...alert.pointer, 'properties', 'actions'],
      message: `the alert "${alert.name}" links to "${link}", which is no section of docs/runbook.md`,
    }));
  });
}

/** Holds the deployed alert rules against rules.json and the queries. */
export function checkDeployedRules(
  rules: readonly RuleWithQuery[],
  anchors: ReadonlySet<string>,
  views: readonly View[],
  locate: Locate,
): FileFault[] {
  const faults = views.flatMap((view) => [...findingsOf(rules, view), ...activityFindings(view, anchors)]);
  return faults.map(({ at: place, message }) => ({
    ...(place === 'host.json' ? { file: place } : locate(place)),
    rule: 'alert-deployed',
    message,
  }));
}
