import { ApiProperty, IntersectionType, PartialType } from '@nestjs/swagger';
import { ErrorDto } from '../../common/error.dto.js';

/** Why a line isn't stored. */
export class ImportReceiptDto {
  /** The line's number, from 1; the first one of a record that spans several. */
  line!: number;

  /** @example "invalid_timestamp" */
  code!: string;

  /** What is accepted instead. */
  message!: string;
}

/** What became of a file. */
export class ImportResultDto {
  /** Lines that were read, or records of several; without the header and empty lines. */
  lines!: number;

  /** Events. A line of an access log can be two. */
  stored!: number;

  /** Events that were stored before: nothing changed. */
  duplicates!: number;

  /** Events that lie on disk; absent while the database takes them. */
  accepted?: number;

  /** Lines of which not all is stored; `receipts` says why. */
  rejected!: number;

  /** Lines that are readable, and no event. */
  skipped!: number;

  /** Why the rest of the body was not read; absent when all of it was. */
  incomplete?: string;

  @ApiProperty({ type: () => [ImportReceiptDto] })
  receipts!: ImportReceiptDto[];

  /** How many receipts are left out: there are 10,000 at most, fewer while memory is short. */
  receipts_omitted?: number;
}

/** The rest could not be stored; what became of the lines before. */
export class InterruptedImportDto extends IntersectionType(
  ErrorDto,
  PartialType(ImportResultDto),
) {}
