import type {
  MergeDto,
  MergesDto,
  RefusedMergesDto,
} from '../../src/profiles/merges/merges.dto.js';
import type { ProfileDto, ProfileImportDto } from '../../src/profiles/profiles.dto.js';
import type { TestApplication } from './application.js';

const JSON_TYPE = { 'Content-Type': 'application/json' };

/** Says who users are, as clients and operators do. */
export class PeopleClient {
  constructor(private readonly server: TestApplication) {}

  put(user: string, traits: unknown, init: RequestInit = {}): Promise<Response> {
    return this.server.get(`/analytics/users/${encodeURIComponent(user)}`, {
      method: 'PUT',
      headers: JSON_TYPE,
      body: JSON.stringify({ traits }),
      ...init,
    });
  }

  /** @returns the person's traits */
  async set(user: string, traits: object): Promise<Record<string, unknown>> {
    const response = await this.put(user, traits);
    await requireOk(response);
    return ((await response.json()) as ProfileDto).traits;
  }

  /** A call of Segment's API. */
  async call(type: 'identify' | 'alias' | 'track', body: object): Promise<void> {
    const response = await this.server.post(`/v1/${type}`, {
      headers: JSON_TYPE,
      body: JSON.stringify(body),
    });
    await requireOk(response);
  }

  import(
    type: 'csv' | 'x-ndjson',
    body: RequestInit['body'] | ReadableStream,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const contentType = type === 'csv' ? 'text/csv' : 'application/x-ndjson';
    return this.server.post('/analytics/users/import', {
      headers: { 'Content-Type': contentType, ...headers },
      body,
      duplex: 'half',
    } as RequestInit);
  }

  async imported(
    type: 'csv' | 'x-ndjson',
    body: RequestInit['body'],
    headers: Record<string, string> = {},
  ): Promise<ProfileImportDto> {
    const response = await this.import(type, body, headers);
    await requireOk(response);
    return (await response.json()) as ProfileImportDto;
  }

  /** The person's, as queries read them. */
  async traitsOf(id: string, kind = 'known'): Promise<Record<string, unknown> | undefined> {
    const [row] = await this.server.dataSource.query<{ traits: Record<string, unknown> }[]>(
      'SELECT alias_traits || traits AS traits FROM users WHERE kind = $2 AND id = $1',
      [id, kind],
    );
    return row?.traits;
  }

  async merges(query = ''): Promise<MergesDto> {
    return (await (await this.server.get(`/analytics/merges${query}`)).json()) as MergesDto;
  }

  async refused(query = ''): Promise<RefusedMergesDto> {
    const response = await this.server.get(`/analytics/merges/refused${query}`);
    return (await response.json()) as RefusedMergesDto;
  }

  undo(id: number | string, init: RequestInit = {}): Promise<Response> {
    return this.server.get(`/analytics/merges/${id}`, { method: 'DELETE', ...init });
  }

  /** @returns the merge as it is then */
  async undone(id: number): Promise<MergeDto> {
    const response = await this.undo(id);
    await requireOk(response);
    return (await response.json()) as MergeDto;
  }
}

async function requireOk(response: Response): Promise<void> {
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
}
