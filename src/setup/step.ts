import type { PrivateKey } from '../settings/privateKey';
import type { Seen } from './aws';
import type { HostEntry } from './bitbucket';
import type { PublicKey } from './keyPair';
import type { PolicyDocument } from './policy';

/** What is to be done, as data. */
export type Action =
  | { readonly do: 'create-repository' }
  | { readonly do: 'create-user' }
  | { readonly do: 'put-user-policy'; readonly document: PolicyDocument }
  /** `key`: the private key that is there; without one a new one is made. */
  | { readonly do: 'store-key'; readonly in: 'pipelines' | 'file'; readonly key: PrivateKey | undefined }
  /** `publicKey`: of the key whose private half we don't have; without one that of the key that was stored. */
  | { readonly do: 'upload-key'; readonly publicKey: PublicKey | undefined }
  | { readonly do: 'activate-key'; readonly id: string }
  | { readonly do: 'enable-pipelines' }
  | { readonly do: 'put-known-host'; readonly entry: HostEntry }
  /** Without `value` it is the id of the key that was uploaded. */
  | { readonly do: 'put-variable'; readonly key: string; readonly value: string | undefined }
  | { readonly do: 'write-pipelines-file'; readonly text: string }
  | { readonly do: 'create-provider' }
  | { readonly do: 'add-audience'; readonly arn: string }
  | { readonly do: 'create-role'; readonly trust: PolicyDocument }
  | { readonly do: 'put-trust'; readonly trust: PolicyDocument }
  | { readonly do: 'put-role-policy'; readonly document: PolicyDocument }
  | { readonly do: 'delete-key'; readonly id: string }
  | { readonly do: 'delete-user-policy' }
  | { readonly do: 'delete-user' }
  | { readonly do: 'delete-role-policy' }
  | { readonly do: 'delete-role' }
  | { readonly do: 'delete-variable'; readonly uuid: string }
  | { readonly do: 'delete-known-host'; readonly uuid: string }
  | { readonly do: 'delete-key-pair' }
  | { readonly do: 'delete-key-file' };

export type StepState = 'exists' | 'make' | 'change' | 'unseen' | 'by-hand' | 'remove' | 'kept';

/** One line of the plan. */
export interface Step {
  readonly title: string;
  readonly state: StepState;
  readonly note?: string;
  /** The permission that is missing, of a step that can't be looked at. */
  readonly missing?: string;
  readonly action?: Action;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** The key as far as it is there already. */
  readonly key: PrivateKey | undefined;
  readonly keyId: string | undefined;
}

/** A step of something that could be looked at; otherwise it says which permission is missing. */
export function decide<T>(title: string, seen: Seen<T>, judge: (value: T) => Omit<Step, 'title'>): Step {
  if ('missing' in seen) return { title, state: 'unseen', missing: seen.missing };
  return { title, ...judge(seen.value) };
}
