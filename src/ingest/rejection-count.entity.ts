import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How many were refused in one minute for one reason. Exact, where the log holds a sample. */
@Entity('rejection_counts')
export class RejectionCount {
  @PrimaryColumn({
    type: 'timestamptz',
    primaryKeyConstraintName: 'rejection_counts_pkey',
  })
  minute!: Date;

  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'rejection_counts_pkey' })
  code!: string;

  @Column({ type: 'bigint' })
  count!: string;
}
