import type { AccessKey } from './access-key.js';
import type { MadeKey } from './key-admin.js';
import type { KeyDto, MadeKeyDto } from './keys.dto.js';

/** A key as it's shown. */
export function toKeyDto(key: AccessKey): KeyDto {
  return fieldsOf(key);
}

export function toMadeKeyDto({ key, secret }: MadeKey): MadeKeyDto {
  return { key: secret, ...fieldsOf(key) };
}

function fieldsOf(key: AccessKey) {
  return {
    id: key.id,
    kind: key.kind,
    name: key.name,
    hint: key.hint,
    source: key.source,
    origins: key.origins,
    events: key.events,
    max_age_seconds: key.maxAgeS,
    created_at: key.createdAt.toISOString(),
    created_by: key.createdBy,
    revoked_at: key.revokedAt?.toISOString() ?? null,
    rotated_from: key.rotatedFrom,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
  };
}
