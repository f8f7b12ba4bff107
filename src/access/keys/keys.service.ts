import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { askBy } from '../../database/ask.js';
import { isJsonObject } from '../../common/json-object.js';
import { KeyAdmin, UnknownKeyError } from './key-admin.js';
import { toKeyDto, toMadeKeyDto } from './key-answer.js';
import { InvalidKeyError, parseKeyRules } from './key-rules.js';
import type { KeyDto, KeysDto, MadeKeyDto } from './keys.dto.js';

/** Thirty days. */
export const MAX_GRACE_S = 2_592_000;
const MAX_ID = 2 ** 31 - 1;

/** Keys, for who administers them by HTTP. */
@Injectable()
export class KeysService {
  private readonly admin: KeyAdmin;

  constructor(dataSource: DataSource) {
    this.admin = new KeyAdmin((work) => dataSource.transaction((manager) => work(askBy(manager))));
  }

  async list(): Promise<KeysDto> {
    const keys = await this.admin.list();
    return { keys: keys.map(toKeyDto) };
  }

  /** @throws InvalidKeyError */
  async create(given: unknown, actor: string): Promise<MadeKeyDto> {
    return toMadeKeyDto(await this.admin.create(parseKeyRules(given), actor));
  }

  /** @throws InvalidKeyError, UnknownKeyError, RevokedKeyError */
  async rotate(id: string, given: unknown, actor: string): Promise<MadeKeyDto> {
    return toMadeKeyDto(await this.admin.rotate(readId(id), readGrace(given), actor));
  }

  /** @throws UnknownKeyError */
  async revoke(id: string, actor: string): Promise<KeyDto> {
    return toKeyDto(await this.admin.revoke(readId(id), actor));
  }
}

function readId(text: string): number {
  const id = Number(text);
  if (!/^\d{1,10}$/.test(text) || id > MAX_ID)
    throw new UnknownKeyError(JSON.stringify(text.slice(0, 100)));
  return id;
}

function readGrace(given: unknown): number {
  if (given === undefined) return 0;
  const { grace_seconds: grace = 0, ...others } = isJsonObject(given) ? given : { given };
  const isSeconds =
    typeof grace === 'number' && Number.isInteger(grace) && grace >= 0 && grace <= MAX_GRACE_S;
  if (isSeconds && Object.keys(others).length === 0) return grace;
  throw new InvalidKeyError(
    `the body must be a JSON object with no field but grace_seconds, a whole number from 0 to ${MAX_GRACE_S}`,
  );
}
