import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { askBy, type Ask } from '../database/ask.js';
import { readAudit } from './audit-log.js';
import type { AuditDto, AuditQueryDto } from './audit.dto.js';

/** What was administered, for who looks. */
@Injectable()
export class AuditService {
  private readonly ask: Ask;

  constructor(dataSource: DataSource) {
    this.ask = askBy(dataSource);
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
}
