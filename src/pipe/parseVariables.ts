import { collectFaults, type Fault, type FaultCollection, quote } from '../faults';
import { type Environment, readItems, schema, type Variable, type Variables, variables } from './variables';

/** The values of one run. An invalid variable has its default. */
interface ParsedVariables {
  readonly values: Variables;
  readonly faults: readonly Fault[];
}

/** Parses each variable on its own. What they mean together is not checked. */
export function parseVariables(env: Environment): ParsedVariables {
  const faults = collectFaults();
  const input: Record<string, string | readonly string[]> = {};
  for (const variable of variables) {
    const { name } = variable;
    const value = variable.separator ? gatherList(env, variable, faults) : env[name] || undefined;
    const item = [value ?? []].flat().find((each) => /^\$(\w+|\{\w+\})$/.test(each));
    if (item !== undefined) addUnexpanded(variable, item, faults);
    else if (value !== undefined) input[name] = value;
  }
  const parsed = schema.safeParse(input);
  if (parsed.success) return { values: parsed.data, faults: faults.faults };
  for (const name of new Set(parsed.error.issues.map(({ path }) => String(path[0])))) {
    const { form = 'text', default: fallback } = variables.find((each) => each.name === name) ?? {};
    faults.add(
      name,
      `${name} is ${quote(String(input[name]))}; it must be ${form}.`,
      `Set ${name} to ${form}, or remove it to use its default, ${fallback}.`,
    );
    delete input[name];
  }
  return { values: schema.parse(input), faults: faults.faults };
}

/** Empty items are left out. Of a required variable they are a fault: each item counts. */
function gatherList(env: Environment, variable: Variable, faults: FaultCollection): string[] | undefined {
  const { name, required = false } = variable;
  const count = env[`${name}_COUNT`];
  if (count && !/^\d{1,4}$/.test(count)) {
    return faults.add(
      name,
      `${name}_COUNT is ${quote(count)}; it must be the number of items of the list ${name}, at most 9999.`,
      `Give ${name} as a YAML list. Pipelines sets ${name}_COUNT itself.`,
    );
  }
  const items = readItems(env, name);
  const empty = items.indexOf('');
  if (required && empty >= 0) {
    return faults.add(
      name,
      `${name} is a list of ${items.length} items, and item ${empty + 1} is empty.`,
      'Remove the item from the list, or define the variable that it names.',
    );
  }
  return items.some((item) => item !== '') ? items.filter((item) => item !== '') : undefined;
}

function addUnexpanded({ name, secret }: Variable, value: string, faults: FaultCollection): void {
  faults.add(
    name,
    `${name} is ${secret ? '' : `${quote(value)}, `}the name of a variable, not its value: Pipelines has no variable of that name here.`,
    'Define the variable in Repository settings > Pipelines > Repository variables (or in the deployment of this step), or correct its name in bitbucket-pipelines.yml.',
  );
}
