import { ApiProperty } from '@nestjs/swagger';

export class LivenessDto {
  status!: 'ok';

  /** Tells this server from any other that may listen on the port. */
  service!: 'user-analytics';
}

/** What lies in the spool. */
export class WaitingDto {
  /** Events of all processes that share the data directory; up to 2 seconds old for the others'. */
  events!: number;

  /** Of all processes, as they lie on the disk now. */
  bytes!: number;
}

export class ReadinessDto {
  /** `degraded`: events are kept, on disk, while the database is away or what waited is stored. */
  @ApiProperty({ enum: ['ok', 'degraded'] })
  status!: 'ok' | 'degraded';

  /** What the events lie on; absent while the database doesn't say. */
  @ApiProperty({ enum: ['timescaledb', 'postgresql'], required: false })
  storage?: 'timescaledb' | 'postgresql';

  /** What waits for the database. */
  @ApiProperty({ type: () => WaitingDto, required: false })
  waiting?: WaitingDto;
}
