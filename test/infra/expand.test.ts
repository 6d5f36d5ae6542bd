import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { evaluate, type TemplateScope } from '../../infra/check/arm/evaluate.ts';
import { expand } from '../../infra/check/arm/expand.ts';
import { parseExpression } from '../../infra/check/arm/expression.ts';
import { callPlace, samplePlace } from '../../infra/check/arm/ids.ts';
import { deployedBefore, everyResource } from '../../infra/check/arm/order.ts';
import { canary, scenariosOf } from '../../infra/check/arm/samples.ts';
import { lineOf, type Template } from '../../infra/check/arm/template.ts';
import { plainOf, Runtime, type Value } from '../../infra/check/arm/value.ts';

const parameters: Record<string, Value> = {
  name: 'abc',
  none: null,
  list: [1, 2, 3],
  object: { a: { b: 'c' }, Upper: 1 },
  later: new Runtime("reference('x').id"),
};
const scope: TemplateScope = {
  parameter: (name) => parameters[name] ?? null,
  variable: () => null,
  call: (name, values) => callPlace(name, values, { ...samplePlace, resourceGroup: 'g' }),
  copies: { '': 2, loop: 2 },
  locals: {},
};
const group = '/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/g';

describe('an expression', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['plain text', 'plain text'],
    ['[[not one]', '[not one]'],
    ["[concat('it''s ', parameters('name'))]", "it's abc"],
    ["[format('{0}-{1}-{{x}}', parameters('name'), 7)]", 'abc-7-{x}'],
    ["[format('{0}', parameters('later'))]", "[reference('x').id]"],
    ["[parameters('object').a.b]", 'c'],
    ["[parameters('object')['upper']]", 1],
    ["[tryGet(parameters('object'), 'a', 'b')]", 'c'],
    ["[tryGet(parameters('object'), 'z', 'b')]", null],
    ["[if(equals(parameters('name'), 'abc'), 'yes', fail('broken'))]", 'yes'],
    ["[if(empty(parameters('list')), 'yes', 'no')]", 'no'],
    ["[and(true(), not(empty('a')))]", true],
    ["[map(parameters('list'), lambda('n', add(lambdaVariables('n'), 1)))]", [2, 3, 4]],
    ["[filter(parameters('list'), lambda('n', not(equals(lambdaVariables('n'), 1))))]", [2, 3]],
    [
      "[union(createObject('a', createObject('x', 1)), createObject('a', createObject('y', 2)))]",
      { a: { x: 1, y: 2 } },
    ],
    ['[copyIndex()]', 2],
    ["[copyIndex('loop', 1)]", 3],
    ["[parameters('later').name]", "[reference('x').id.name]"],
    ["[toLower(parameters('later'))]", "[toLower(reference('x').id)]"],
    ["[resourceId('A.B/c/d', 'x', 'y')]", `${group}/providers/A.B/c/x/d/y`],
    [
      "[subscriptionResourceId('A.B/c', 'x')]",
      '/subscriptions/22222222-2222-2222-2222-222222222222/providers/A.B/c/x',
    ],
  ];
  for (const [text, value] of cases) {
    test(`${text} is ${JSON.stringify(value)}`, () =>
      assert.deepEqual(plainOf(evaluate(text, scope)), value));
  }

  test('with a function that is not worked out is refused by its name', () =>
    assert.throws(() => evaluate('[toUpper(parameters())]', scope), /the template function "toUpper"/));

  for (const text of ["[concat('a']", "[concat('a',)]", '[concat]', "[a('b') c]", "['a' 'b']"]) {
    test(`${text} is none`, () => assert.throws(() => parseExpression(text), SyntaxError));
  }
});

const inner: Template = {
  parameters: { name: { type: 'string' } },
  resources: [
    { type: 'A.B/c', apiVersion: '1', name: "[parameters('name')]" },
    { type: 'A.B/lock', apiVersion: '1', scope: "[resourceId('A.B/c', parameters('name'))]", name: 'l' },
  ],
  outputs: { id: { type: 'string', value: "[resourceId('A.B/c', parameters('name'))]" } },
};
const outer: Template = {
  parameters: { isWanted: { type: 'bool', defaultValue: false }, count: { type: 'int', defaultValue: 2 } },
  variables: { names: ['n0', "[concat('n', string(1))]"] },
  resources: {
    module: {
      type: 'Microsoft.Resources/deployments',
      name: 'module',
      resourceGroup: 'g',
      properties: { parameters: { name: { value: "[variables('names')[1]]" } }, template: inner } as never,
    },
    unwanted: { type: 'A.B/x', condition: "[parameters('isWanted')]", name: 'x' },
    there: { type: 'A.B/x', existing: true, name: 'y' },
    loop: {
      type: 'A.B/y',
      copy: { name: 'loop', count: "[parameters('count')]" },
      name: "[format('y{0}', copyIndex())]",
      properties: { after: "[reference('module').outputs.id.value]", state: "[reference('there').state]" },
      dependsOn: ['module'],
    },
    last: { type: 'A.B/z', name: 'z', dependsOn: ['loop'] },
  },
};

describe('a template', () => {
  const deployment = expand({
    template: outer,
    place: samplePlace,
    parameters: () => undefined,
    pointer: [],
  });
  const all = [...everyResource(deployment)];
  const named = (name: string) => all.find((each) => each.name === name);

  test('deploys modules, loops and what its conditions let pass', () =>
    assert.deepEqual(
      all.map(({ name }) => name),
      ['n1', 'l', 'y0', 'y1', 'z'],
    ));

  test('hands a module’s outputs on, and leaves to Azure what only Azure knows', () =>
    assert.deepEqual(plainOf(named('y1')?.body['properties'] ?? null), {
      after: `${group}/providers/A.B/c/n1`,
      state: `[reference('${group.split('/resourceGroups')[0]}/providers/A.B/x/y').state]`,
    }));

  test('attaches extensions to what they extend', () =>
    assert.equal(named('l')?.scope, `${group}/providers/A.B/c/n1`));

  test('has an order, through modules and loops', () => {
    const before = (name: string) =>
      [...deployedBefore(named(name) as never, deployment)].map((each) => each.name).sort();
    assert.deepEqual(before('z'), ['l', 'n1', 'y0', 'y1']);
    assert.deepEqual(before('y0'), ['l', 'n1']);
    assert.deepEqual(before('n1'), []);
  });

  test('says where each resource stands', () =>
    assert.deepEqual(named('l')?.pointer, ['resources', 'module', 'properties', 'template', 'resources', 1]));
});

describe('the parameter sets of a template', () => {
  const template: Template = {
    definitions: { reader: { type: 'object', properties: { objectId: { type: 'string' } } } },
    parameters: {
      given: { type: 'string' },
      one: { type: 'int', allowedValues: [4, 5] },
      secret: { type: 'securestring' },
      preset: { type: 'string', defaultValue: 'p' },
      maybe: { type: 'string', defaultValue: '' },
      perhaps: { type: 'string', nullable: true },
      readers: { type: 'array', items: { $ref: '#/definitions/reader' }, defaultValue: [] },
      isOn: { type: 'bool', defaultValue: true },
    },
  };
  const sets = new Map(scenariosOf(template).map(({ name, parameters: values }) => [name, values]));
  const required = { given: 'sample', one: 4, secret: canary };
  const optional = {
    maybe: 'sample',
    perhaps: 'sample',
    readers: [{ objectId: '55555555-5555-5555-5555-555555555555' }],
  };

  test('are the defaults, every option, every switch, and each switch alone', () => {
    assert.deepEqual(sets.get('defaults'), required);
    assert.deepEqual(sets.get('every optional value given'), { ...required, ...optional });
    assert.deepEqual(sets.get('every switch turned over, every optional value given'), {
      ...required,
      ...optional,
      isOn: false,
    });
    assert.deepEqual(sets.get('isOn false'), { ...required, isOn: false });
    assert.equal(sets.size, 4);
  });
});

test('the line of a place in a compiled file is that of its text', () => {
  const file = { a: [1, { b: 'x' }], c: { d: {}, e: [], f: 'here' } };
  const lines = JSON.stringify(file, null, 2).split('\n');
  assert.equal(lines[lineOf(file, ['c', 'f']) - 1]?.trim(), '"f": "here"');
  assert.equal(lines[lineOf(file, ['a', 1, 'b']) - 1]?.trim(), '"b": "x"');
  assert.equal(lines[lineOf(file, ['c', 'nowhere', 'at', 'all']) - 1]?.trim(), '"c": {');
});
