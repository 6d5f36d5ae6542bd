import type { Deployment, Resource } from './expand.ts';

/** Every resource of a deployment, those of its modules included, modules themselves left out. */
export function* everyResource({ resources }: Deployment): Generator<Resource> {
  for (const resource of resources) {
    if (resource.module === undefined) yield resource;
    else yield* everyResource(resource.module);
  }
}

/** Every output of a deployment and of its modules. */
export function* everyOutput({
  outputs,
  resources,
}: Deployment): Generator<[string, Deployment['outputs'][string]]> {
  yield* Object.entries(outputs);
  for (const { module } of resources) if (module !== undefined) yield* everyOutput(module);
}

/** The way to a resource: the modules around it, outermost first, and itself. */
function wayTo(resource: Resource, { resources }: Deployment): readonly Resource[] | undefined {
  for (const each of resources) {
    if (each === resource) return [each];
    const inner = each.module === undefined ? undefined : wayTo(resource, each.module);
    if (inner !== undefined) return [each, ...inner];
  }
  return undefined;
}

/** What is finished before a resource of the same template begins. */
function before(resource: Resource, siblings: readonly Resource[]): Set<Resource> {
  const found = new Set<Resource>();
  const waiting = [resource];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { dependsOn } = next;
    for (const sibling of siblings) {
      if (found.has(sibling) || !dependsOn.some((name) => sibling.names.includes(name))) continue;
      found.add(sibling);
      waiting.push(sibling);
    }
  }
  return found;
}

/** Every resource that is certainly deployed before this one begins, through modules too. */
export function deployedBefore(resource: Resource, deployment: Deployment): ReadonlySet<Resource> {
  const found = new Set<Resource>();
  let level = deployment;
  for (const step of wayTo(resource, deployment) ?? []) {
    for (const sibling of before(step, level.resources)) {
      if (sibling.module === undefined) found.add(sibling);
      else for (const inner of everyResource(sibling.module)) found.add(inner);
    }
    level = step.module ?? level;
  }
  return found;
}
