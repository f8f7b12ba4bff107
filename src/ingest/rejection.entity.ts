import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** One refused event or request, kept so that it can be understood. */
@Entity('rejections')
@Index('rejections_time_idx', ['time'])
export class Rejection {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'rejections_pkey',
  })
  id!: string;

  /** When it was refused, by the server's clock. */
  @Column({ type: 'timestamptz' })
  time!: Date;

  @Column({ type: 'text' })
  code!: string;

  @Column({ type: 'text' })
  message!: string;

  /** Which way in, such as `POST /analytics`. */
  @Column({ type: 'text' })
  route!: string;

  /** The beginning of what was given, control characters escaped. */
  @Column({ type: 'text' })
  input!: string;
}
