import { Check, Column, Entity, Index, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** What an event counts as in the original report. Applied when read, so a change reaches back. */
export type EventKind = 'click' | 'impression' | 'none';

@Entity('event_names')
@Index('event_names_kind_idx', ['kind'])
@Unique('event_names_name_key', ['name'])
@Check('event_names_name_length', 'char_length(name) BETWEEN 1 AND 100')
@Check('event_names_name_characters', `name !~ '[\\x01-\\x1f\\x7f-\\x9f]'`)
export class EventName {
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'event_names_pkey',
  })
  id!: number;

  @Column({ type: 'text', collation: 'C' })
  name!: string;

  @Column({
    type: 'enum',
    enum: ['click', 'impression', 'none'],
    enumName: 'event_kind',
    default: 'none',
  })
  kind!: EventKind;
}
