import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** One thing that happened. A hypertable on `time` where TimescaleDB is present. */
@Entity('events')
@Index('events_user_seq_time_idx', ['userSeq', 'time'])
@Check('events_time_range', `time >= '0001-01-01 00:00:00Z' AND time < '10000-01-01 00:00:00Z'`)
@Check('events_time_milliseconds', `time = date_bin('1 millisecond', time, '0001-01-01 00:00:00Z')`)
@Check('events_properties_object', `jsonb_typeof(properties) = 'object'`)
export class Event {
  /** To the millisecond, by the client's clock. */
  @PrimaryColumn({ type: 'timestamptz', primaryKeyConstraintName: 'events_pkey' })
  time!: Date;

  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'events_pkey' })
  id!: string;

  /** `users.seq`, or 0 for nobody. */
  @PrimaryColumn({
    name: 'user_seq',
    type: 'integer',
    primaryKeyConstraintName: 'events_pkey',
  })
  userSeq!: number;

  @Column({ name: 'name_id', type: 'integer' })
  nameId!: number;

  @Column({ name: 'source_id', type: 'smallint', default: 1 })
  sourceId!: number;

  @Column({ type: 'boolean', default: false })
  bot!: boolean;

  @Column({ type: 'jsonb', nullable: true })
  properties!: Record<string, unknown> | null;
}
