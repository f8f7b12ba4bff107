import { Check, Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** What users may belong to: a company, a team. */
@Entity('groups')
@Unique('groups_id_key', ['id'])
@Check('groups_id_length', `char_length(id) BETWEEN 1 AND 255`)
@Check('groups_id_characters', `id !~ '[\\x01-\\x1f\\x7f-\\x9f]'`)
export class Group {
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'groups_pkey',
  })
  seq!: number;

  /** 1 to 255 characters, none of them a control character. */
  @Column({ type: 'text', collation: 'C' })
  id!: string;

  @Column({ type: 'jsonb', default: {} })
  traits!: Record<string, unknown>;

  /** When each of them was set or removed, in milliseconds since 1970. */
  @Column({ name: 'trait_times', type: 'jsonb', default: {} })
  traitTimes!: Record<string, number>;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;
}
