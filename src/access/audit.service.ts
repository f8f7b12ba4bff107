import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { noteAudit, readAudit, type AuditEntry } from './audit-log.js';
import type { AuditDto, AuditQueryDto } from './audit.dto.js';
import type { Ask } from './keys/key-store.js';

/** What was administered, for who looks, and for who does it outside of a transaction of its own. */
@Injectable()
export class AuditService {
  constructor(private readonly dataSource: DataSource) {}

  async note(entry: AuditEntry): Promise<void> {
    await noteAudit(this.ask, entry);
  }

  async list({ limit, before }: AuditQueryDto): Promise<AuditDto> {
    const entries = await readAudit(this.ask, limit, before);
    return {
      entries: entries.map(({ id, time, actor, action, details }) => ({
        id,
        time: time.toISOString(),
        actor,
        action,
        details,
      })),
    };
  }

  private readonly ask: Ask = (text, values) => this.dataSource.query(text, values);
}
