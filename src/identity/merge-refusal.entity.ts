import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A merge that was asked for and not made: an anonymous user belongs to the first person linked. */
@Entity('merge_refusals')
@Index('merge_refusals_into_seq_idx', ['intoSeq'])
@Index('merge_refusals_last_at_idx', ['lastAt'])
export class MergeRefusal {
  @PrimaryColumn({
    name: 'from_seq',
    type: 'integer',
    primaryKeyConstraintName: 'merge_refusals_pkey',
  })
  fromSeq!: number;

  @PrimaryColumn({
    name: 'into_seq',
    type: 'integer',
    primaryKeyConstraintName: 'merge_refusals_pkey',
  })
  intoSeq!: number;

  /** `belongs_to_another`, `both_known` or `itself`. */
  @Column({ type: 'text' })
  reason!: string;

  /** How often it was asked for. */
  @Column({ type: 'integer', default: 1 })
  times!: number;

  @Column({ name: 'first_at', type: 'timestamptz', default: () => 'now()' })
  firstAt!: Date;

  @Column({ name: 'last_at', type: 'timestamptz', default: () => 'now()' })
  lastAt!: Date;

  /** Who asked for it last. */
  @Column({ name: 'refused_by', type: 'text' })
  refusedBy!: string;
}
