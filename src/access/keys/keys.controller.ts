import {
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Param,
  Post,
  Req,
  UseFilters,
} from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiPayloadTooLargeResponse,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiUnsupportedMediaTypeResponse,
} from '@nestjs/swagger';
import { AnalyticsExceptionFilter } from '../../common/analytics-exception.filter.js';
import { nodeRequest, type HttpRequest } from '../../common/http.js';
import { ErrorDto } from '../../common/error.dto.js';
import { TakesOnly } from '../../common/known-parameters.js';
import { Access } from '../access.js';
import { AccessBy } from '../access.guard.js';
import { jsonBody } from '../json-body.js';
import { KeyDto, KeysDto, MadeKeyDto, NewKeyDto, RotationDto } from './keys.dto.js';
import { KeysService } from './keys.service.js';

const ID = { name: 'id', type: 'integer', example: 1 } as const;
const EXAMPLES = {
  pages: {
    value: {
      kind: 'write',
      name: 'Shop, pages',
      source: 'shop',
      origins: ['https://shop.example'],
      events: ['click', 'impression'],
    },
  },
  dashboard: { value: { kind: 'read', name: 'Dashboard' } },
};
const UNAVAILABLE = { type: ErrorDto, description: 'Try again: see Retry-After' };
const UNKNOWN = { type: ErrorDto, description: '`unknown_key`: there is none' };
const UNREADABLE = {
  type: ErrorDto,
  description: 'The body, a field of it, or the path cannot be read',
};

/** Who may get in. The first admin key is made on the server, by `npm run keys`. */
@ApiTags('administration')
@Controller('analytics/keys')
@UseFilters(AnalyticsExceptionFilter)
@AccessBy('admin', true)
@ApiBadRequestResponse(UNREADABLE)
@ApiServiceUnavailableResponse(UNAVAILABLE)
export class KeysController {
  constructor(
    private readonly keys: KeysService,
    private readonly access: Access,
  ) {}

  @Get()
  @TakesOnly()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'All keys that were ever made, without what they are used by' })
  @ApiOkResponse({ type: KeysDto })
  list(): Promise<KeysDto> {
    return this.keys.list();
  }

  @Post()
  @TakesOnly()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Make a key', description: 'The answer tells it, this once.' })
  @ApiBody({ type: NewKeyDto, examples: EXAMPLES })
  @ApiCreatedResponse({ type: MadeKeyDto })
  @ApiPayloadTooLargeResponse({ type: ErrorDto, description: 'Over 64 KB' })
  @ApiUnsupportedMediaTypeResponse({ type: ErrorDto, description: 'No JSON' })
  create(@Req() request: HttpRequest): Promise<MadeKeyDto> {
    const node = nodeRequest(request);
    return this.keys.create(jsonBody(node), this.access.actorOf(node)!);
  }

  @Post(':id/rotate')
  @TakesOnly()
  @HttpCode(201)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Make a key that takes the place of another',
    description: 'It may do the same. The old one is revoked, at once or after `grace_seconds`.',
  })
  @ApiParam(ID)
  @ApiBody({ type: RotationDto, required: false })
  @ApiCreatedResponse({ type: MadeKeyDto })
  @ApiNotFoundResponse(UNKNOWN)
  @ApiConflictResponse({ type: ErrorDto, description: '`revoked_key`: it is revoked already' })
  @ApiPayloadTooLargeResponse({ type: ErrorDto, description: 'Over 64 KB' })
  @ApiUnsupportedMediaTypeResponse({ type: ErrorDto, description: 'No JSON' })
  rotate(@Req() request: HttpRequest, @Param('id') id: string): Promise<MadeKeyDto> {
    const node = nodeRequest(request);
    return this.keys.rotate(id, jsonBody(node), this.access.actorOf(node)!);
  }

  @Delete(':id')
  @TakesOnly()
  @ApiOperation({
    summary: 'Revoke a key',
    description: 'Within seconds no server takes it. It stays in the list.',
  })
  @ApiParam(ID)
  @ApiOkResponse({ type: KeyDto })
  @ApiNotFoundResponse(UNKNOWN)
  revoke(@Req() request: HttpRequest, @Param('id') id: string): Promise<KeyDto> {
    return this.keys.revoke(id, this.access.actorOf(nodeRequest(request))!);
  }
}
