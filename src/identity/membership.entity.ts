import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { User } from '../analytics/user.entity.js';
import { Group } from './group.entity.js';

/** That a user belongs to a group. A person has those of their aliases, too. */
@Entity('memberships')
@Index('memberships_group_seq_idx', ['groupSeq'])
export class Membership {
  @PrimaryColumn({
    name: 'user_seq',
    type: 'integer',
    primaryKeyConstraintName: 'memberships_pkey',
  })
  userSeq!: number;

  @PrimaryColumn({
    name: 'group_seq',
    type: 'integer',
    primaryKeyConstraintName: 'memberships_pkey',
  })
  groupSeq!: number;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'user_seq', foreignKeyConstraintName: 'memberships_user_seq_fkey' })
  user!: User;

  @ManyToOne(() => Group)
  @JoinColumn({ name: 'group_seq', foreignKeyConstraintName: 'memberships_group_seq_fkey' })
  group!: Group;

  /** By the event that said so first. */
  @Column({ type: 'timestamptz' })
  since!: Date;
}
