/** What `ssh-keygen -l` prints for a key: `SHA256:<base64 without padding>`, or `MD5:<hex pairs>`. */
export type Fingerprint = `SHA256:${string}` | `MD5:${string}`;

/**
 * The fingerprints of CodeCommit's host keys, one RSA key a host, as AWS publishes them: AWS CodeCommit User
 * Guide, "Server fingerprints for CodeCommit" (text of 2022; no value changed from 2018 to 2022). The
 * list has no hosts of newer regions: their users supply the key in KNOWN_HOSTS.
 */
const published: ReadonlyMap<string, Fingerprint> = new Map<string, Fingerprint>([
  ['git-codecommit.us-east-2.amazonaws.com', 'SHA256:3lBlW2g5xn/NA2Ck6dyeJIrQOWvn7n8UEs56fG6ZIzQ'],
  ['git-codecommit.us-east-1.amazonaws.com', 'SHA256:eLMY1j0DKA4uvDZcl/KgtIayZANwX6t8+8isPtotBoY'],
  ['git-codecommit.us-west-2.amazonaws.com', 'SHA256:0pJx9SQpkbPUAHwy58UVIq0IHcyo1fwCpOOuVgcAWPo'],
  ['git-codecommit.eu-west-1.amazonaws.com', 'SHA256:tKjRkOL8dmJyTmSbeSdN1S8F/f0iql3RlvqgTOP1UyQ'],
  ['git-codecommit.ap-northeast-1.amazonaws.com', 'SHA256:Xk/WeYD/K/bnBybzhiuu4dWpBJtXPf7E30jHU7se4Ow'],
  ['git-codecommit.ap-southeast-1.amazonaws.com', 'SHA256:ZIsVa7OVzxrTIf+Rk4UbhPv6Es22mSB3uTBojfPXIno'],
  ['git-codecommit.ap-southeast-2.amazonaws.com', 'SHA256:nYp+gHas80HY3DqbP4yanCDFhqDVjseefVbHEXqH2Ec'],
  ['git-codecommit.eu-central-1.amazonaws.com', 'SHA256:MwGrkiEki8QkkBtlAgXbYt0hoZYBnZF62VY5RzGJEUY'],
  ['git-codecommit.ap-northeast-2.amazonaws.com', 'SHA256:eegAPQrWY9YsYo9ZHIKOmxetfXBHzAZd8Eya53Qcwko'],
  ['git-codecommit.sa-east-1.amazonaws.com', 'SHA256:kW+VKB0jpRaG/ZbXkgbtMQbKgEDK7JnISV3SVoyCmzU'],
  ['git-codecommit.us-west-1.amazonaws.com', 'SHA256:gzauWTWXDK2u5KuMMi5vbKTmfyerdIwgSbzYBODLpzg'],
  ['git-codecommit.eu-west-2.amazonaws.com', 'SHA256:r0Rwz5k/IHp/QyrRnfiM9j02D5UEqMbtFNTuDG2hNbs'],
  ['git-codecommit.ap-south-1.amazonaws.com', 'SHA256:hUKwnTj7+Xpx4Kddb6p45j4RazIJ4IhAMD8k29itOfE'],
  ['git-codecommit.ca-central-1.amazonaws.com', 'SHA256:Qz5puafQdANVprLlj6r0Qyh4lCNsF6ob61dGcPtFS7w'],
  ['git-codecommit.eu-west-3.amazonaws.com', 'SHA256:uw7c2FL564jVoFgtc+ikzILnKBsZz7t9+CFdSJjKbLI'],
  ['git-codecommit.us-gov-west-1.amazonaws.com', 'SHA256:djXQoSIFcg8vHe0KVH1xW/gOF9X37tWTqu4Hkng75x4'],
  // AWS's SHA-256 for us-gov-east-1 has 42 characters where a real one has 43: it can't match any key. Its MD5 is correct.
  ['git-codecommit.us-gov-east-1.amazonaws.com', 'MD5:00:8d:b5:55:6f:05:78:05:ed:ea:cb:3f:e6:f0:62:f2'],
  ['git-codecommit.eu-north-1.amazonaws.com', 'SHA256:b6KSK7xKq+V8jl7iuAcjqXsG7zkqoUZZmmhYYFBq1wQ'],
  ['git-codecommit.me-south-1.amazonaws.com', 'SHA256:O+NToCGgjrHekiBuOl0ad7ROGEsz+DBLXOd/c9wc0JU'],
  ['git-codecommit.ap-east-1.amazonaws.com', 'SHA256:LafadYwUYW8hONoTRpojbjNs9IRnbEwHtezD3aAIBX0'],
  ['git-codecommit.cn-north-1.amazonaws.com.cn', 'SHA256:IYUXxH2OpTDsyYMLIp+JY8CTLS4UX+ZC5JVZXPRaxc8'],
  ['git-codecommit.cn-northwest-1.amazonaws.com.cn', 'SHA256:wqjd6eHd0+mOBx+dCNuL0omUoCNjaDtZiEpWj5TmCfQ'],
  ['git-codecommit.eu-south-1.amazonaws.com', 'SHA256:lyXrWbCg3uQmJrl1XxB/ASR7ugW1Ysf5yzYOJbudHsI'],
  ['git-codecommit.ap-northeast-3.amazonaws.com', 'SHA256:2B815B9F0AvwLnRxSVxUz4kDYmtEQUGGdQYP8OQLXhA'],
  ['git-codecommit.af-south-1.amazonaws.com', 'SHA256:C34ji3x/cnsDZjUpyNGXdE5pjHYimqJrQZ3leTgqJHM'],
]);

/** Gives the fingerprint that AWS published for a host (in lower case) on CodeCommit's SSH port. */
export function publishedFingerprint(host: string, port: number): Fingerprint | undefined {
  return port === 22 ? published.get(host) : undefined;
}
