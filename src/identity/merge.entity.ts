import {
  Check,
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
} from 'typeorm';
import { User } from '../analytics/user.entity.js';

/** An anonymous user who turned out to be a known one. Applied when events are read; reversible. */
@Entity('merges')
@Index('merges_active_key', ['anonymousSeq'], { unique: true, where: '(undone_at IS NULL)' })
@Index('merges_anonymous_seq_idx', ['anonymousSeq', 'id'])
@Index('merges_known_seq_idx', ['knownSeq', 'id'])
@Index('merges_version_idx', ['version'])
@Check('merges_two_users', 'anonymous_seq <> known_seq')
export class Merge {
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'merges_pkey',
  })
  id!: number;

  @Column({ name: 'anonymous_seq', type: 'integer' })
  anonymousSeq!: number;

  @Column({ name: 'known_seq', type: 'integer' })
  knownSeq!: number;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'anonymous_seq', foreignKeyConstraintName: 'merges_anonymous_seq_fkey' })
  anonymous!: User;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'known_seq', foreignKeyConstraintName: 'merges_known_seq_fkey' })
  known!: User;

  @Column({ type: 'timestamptz', default: () => 'now()' })
  since!: Date;

  @Column({ name: 'merged_by', type: 'text' })
  mergedBy!: string;

  @Column({ name: 'undone_at', type: 'timestamptz', nullable: true })
  undoneAt!: Date | null;

  @Column({ name: 'undone_by', type: 'text', nullable: true })
  undoneBy!: string | null;

  /** What `merges_version` was when the row last changed. */
  @Column({ type: 'bigint', default: 0 })
  version!: string;
}
