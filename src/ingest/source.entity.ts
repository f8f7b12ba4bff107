import { Check, Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** Where events come from: an app, a site. 1 is `default`. */
@Entity('sources')
@Unique('sources_name_key', ['name'])
@Check('sources_name_length', 'char_length(name) BETWEEN 1 AND 100')
@Check('sources_name_characters', `name !~ '[\\x01-\\x1f\\x7f-\\x9f]'`)
export class Source {
  @PrimaryGeneratedColumn('identity', {
    type: 'smallint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'sources_pkey',
  })
  id!: number;

  @Column({ type: 'text', collation: 'C' })
  name!: string;
}
