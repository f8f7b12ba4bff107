import { ApiProperty } from '@nestjs/swagger';
import { ErrorDto } from '../../common/error.dto.js';

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

export class CheckDto {
  @ApiProperty({ enum: ['up', 'degraded', 'down'] })
  status!: 'up' | 'degraded' | 'down';

  /** Why, where figures don't say it. */
  message?: string;
}

export class SpoolCheckDto extends CheckDto {
  /** Whether this process can keep events on disk while the database is away. */
  takes_events?: boolean;

  /** Of all processes that share the data directory. */
  events?: number;

  /** The same. */
  bytes?: number;
}

export class RollupsCheckDto extends CheckDto {
  /** Seconds since the oldest of the deltas that wait was written. */
  lag_seconds?: number;

  /** How many wait; 100,000 at most are counted, of the whole database. */
  waiting_deltas?: number;

  /** There when not all that wait were counted. */
  more?: boolean;
}

export class DiskCheckDto extends CheckDto {
  /** That the server's account can still write, on the data directory's file system. */
  free_bytes?: number;

  /** `DISK_MIN_FREE_MB`: with less it's degraded. */
  min_free_bytes?: number;
}

/** One by one. */
export class ChecksDto {
  /** As this process finds it. */
  @ApiProperty({ type: () => CheckDto })
  database!: CheckDto;

  @ApiProperty({ type: () => SpoolCheckDto })
  spool!: SpoolCheckDto;

  @ApiProperty({ type: () => RollupsCheckDto })
  rollups!: RollupsCheckDto;

  @ApiProperty({ type: () => DiskCheckDto })
  disk!: DiskCheckDto;
}

export class FeatureDto {
  active!: boolean;

  /** Why it isn't. */
  reason?: string;
}

/** What the storage does beyond a plain table. */
export class FeaturesDto {
  /** Events lie in a hypertable, cut by time. */
  @ApiProperty({ type: () => FeatureDto })
  hypertable!: FeatureDto;

  /** A policy compresses old chunks. */
  @ApiProperty({ type: () => FeatureDto })
  compression!: FeatureDto;
}

export class ReadinessDto {
  /** `degraded`: events are stored, be it on disk, and a check says what isn't as it should be. */
  @ApiProperty({ enum: ['ok', 'degraded'] })
  status!: 'ok' | 'degraded';

  /** What the events lie on; absent while the database doesn't say. */
  @ApiProperty({ enum: ['timescaledb', 'postgresql'], required: false })
  storage?: 'timescaledb' | 'postgresql';

  /** What waits for the database. */
  @ApiProperty({ type: () => WaitingDto, required: false })
  waiting?: WaitingDto;

  @ApiProperty({ type: () => ChecksDto })
  checks!: ChecksDto;

  /** Absent while the database doesn't say. */
  @ApiProperty({ type: () => FeaturesDto, required: false })
  features?: FeaturesDto;
}

/** Events can be stored nowhere. */
export class NotReadyDto extends ErrorDto {
  @ApiProperty({ type: ChecksDto, required: false })
  checks?: ChecksDto;
}
