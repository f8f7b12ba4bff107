import { applyDecorators } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBadRequestResponse,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiServiceUnavailableResponse,
  ApiUnsupportedMediaTypeResponse,
} from '@nestjs/swagger';
import { FORMATS } from './import-options.js';
import { ErrorDto } from '../../common/error.dto.js';
import { ImportResultDto, InterruptedImportDto } from './import.dto.js';

const CSV =
  'timestamp,user,event,id,plan\n' +
  '2026-11-24T09:30:00Z,u-81,signup,s-81,pro\n' +
  '1732440601,u-82,click,,free\n';
const NDJSON =
  '{"timestamp":"2026-11-24T09:31:00Z","user":"u-81","event":"login","id":"l-1"}\n' +
  '{"timestamp":"2026-11-24T09:31:30Z","user":"u-82","event":"login"}\n';

const lines = (description: string, value: string) => ({
  schema: { type: 'string', description },
  examples: { events: { value } },
});
const file = (description: string) => ({
  schema: { type: 'string', format: 'binary', description },
});

/** Says all of `POST /analytics/import`. */
export const DescribeImport = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Import a file',
      description:
        'A file of any size, stored as it arrives, as `npm run import` does it. It may be a gzip ' +
        'file. A line that cannot be stored does not keep the others out. An event without id gets ' +
        "one from its line's number and content: the same file again stores nothing. It is for " +
        'servers: no page of another site can make a browser send it.',
      requestBody: {
        required: true,
        content: {
          'text/csv': lines(
            'A header with `timestamp`, `user` and `event`; `id`, `source`, `anonymous` and ' +
              '`properties`, a JSON object, if present; any other column is a property',
            CSV,
          ),
          'application/x-ndjson': lines(
            'An event a line, of at most 1 MB, with the fields of a batch; timestamp is required',
            NDJSON,
          ),
          'application/octet-stream': file('What `format` says'),
          'application/gzip': file('What `format` says, as a gzip file'),
        },
      },
    }),
    // By name, rather than by a class: a pipe of the application around the module would judge that.
    ApiQuery({
      name: 'format',
      required: false,
      enum: FORMATS,
      description:
        "What the file is: CSV with a header, newline-delimited JSON, or a web server's access log in the combined format. Not needed where the Content-Type says it.",
    }),
    ApiQuery({
      name: 'site',
      required: false,
      type: String,
      description:
        'Of an access log, and of no other: the host name of its site, such as example.com.',
    }),
    ApiQuery({
      name: 'source',
      required: false,
      type: String,
      description: 'The source of events that name none: 1 to 100 characters.',
    }),
    ApiOkResponse({ type: ImportResultDto }),
    ApiAcceptedResponse({
      type: ImportResultDto,
      description: 'The database is away: events lie on disk until it is back',
    }),
    ApiBadRequestResponse({
      type: ErrorDto,
      description: 'A parameter, the header of CSV, or any line at all cannot be read',
    }),
    ApiUnsupportedMediaTypeResponse({
      type: ErrorDto,
      description:
        'A content type other than these, application/ndjson and application/jsonl; or another ' +
        'charset than UTF-8, or encoding than gzip, deflate and br',
    }),
    ApiServiceUnavailableResponse({
      type: InterruptedImportDto,
      description: 'Try again, see Retry-After. It also has what 200 would, of the lines before',
    }),
  );
