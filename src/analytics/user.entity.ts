import { Check, Column, Entity, Index, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** `known` users are named by the application, `anonymous` ones by a device or a browser. */
export type UserKind = 'known' | 'anonymous';

/** Who caused events. Created on the first event, never reused after. */
@Entity('users')
// A partial GIN index on an expression, which TypeORM has no words for.
@Index('users_person_traits_idx', { synchronize: false })
@Unique('users_kind_id_key', ['kind', 'id'])
@Check('users_id_length', `char_length(id) BETWEEN 1 AND 255`)
@Check('users_id_characters', `id !~ '[\\x01-\\x1f\\x7f-\\x9f]'`)
export class User {
  /** Dense and positive; 0 stands for nobody and has no row. */
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'users_pkey',
  })
  seq!: number;

  @Column({ type: 'enum', enum: ['known', 'anonymous'], enumName: 'user_kind', default: 'known' })
  kind!: UserKind;

  /** 1 to 255 characters, none of them a control character. */
  @Column({ type: 'text', collation: 'C' })
  id!: string;

  /** Their own. A person's are these over `aliasTraits`. */
  @Column({ type: 'jsonb', default: {} })
  traits!: Record<string, unknown>;

  /** When each of them was set or removed, in milliseconds since 1970. */
  @Column({ name: 'trait_times', type: 'jsonb', default: {} })
  traitTimes!: Record<string, number>;

  /** Of the anonymous users who were merged into this one. */
  @Column({ name: 'alias_traits', type: 'jsonb', default: {} })
  aliasTraits!: Record<string, unknown>;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;
}
