import { ApiProperty } from '@nestjs/swagger';

export class LivenessDto {
  status!: 'ok';

  /** Tells this server from any other that may listen on the port. */
  service!: 'user-analytics';
}

export class ReadinessDto {
  status!: 'ok';

  /** What the events lie on. */
  @ApiProperty({ enum: ['timescaledb', 'postgresql'] })
  storage!: 'timescaledb' | 'postgresql';
}
