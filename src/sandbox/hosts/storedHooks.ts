import { randomUUID } from 'node:crypto';
import type { StoredHook } from './repositories';
import type { Answer, Asked } from './server';

/** How a host shows its webhooks. */
interface HookForms {
  readonly notFound: Answer;
  /** Without the secret: no host gives it back. */
  toJson(hook: StoredHook): unknown;
  toList(rows: readonly unknown[]): Answer;
  /** Whether `id` of the path names this one. Default: by its number. */
  isNamed?(hook: StoredHook, id: string): boolean;
}

let ids = 500;

/** List, create, change and delete, as all hosts have them. `id` is the rest of the path; empty for the list. */
export function answerHooks(asked: Asked, hooks: StoredHook[], id: string, forms: HookForms): Answer {
  const { method, body = {} } = asked;
  if (id === '' && method === 'GET') return forms.toList(hooks.map(forms.toJson));
  if (id === '') {
    ids += 1;
    const hook = { id: ids, uuid: randomUUID(), isActive: body['active'] !== false, body };
    hooks.push(hook);
    return { status: 201, body: forms.toJson(hook) };
  }
  const isNamed = forms.isNamed ?? ((hook: StoredHook) => String(hook.id) === id);
  const index = hooks.findIndex((hook) => isNamed(hook, id));
  const hook = hooks[index];
  if (hook === undefined) return forms.notFound;
  if (method === 'DELETE') {
    hooks.splice(index, 1);
    return { status: 204 };
  }
  hook.body = { ...hook.body, ...body };
  if (body['active'] === true) hook.isActive = true;
  return { status: 200, body: forms.toJson(hook) };
}
